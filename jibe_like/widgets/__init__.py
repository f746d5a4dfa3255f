"""The widget set: native HTML elements, one family to a module."""

from .button import Button
from .choices import CheckBox, Dropdown, RadioGroup, SelectMultiple, Switch
from .containers import Details, Dialog, Form, TabPanel, Tabs
from .dates import DateInput, TimeInput
from .feedback import Notification, Notifications, ProgressBar, Spinner
from .field import Field
from .inputs import ColorInput, Input, TextArea
from .layout import Card, Div, Grid, HBox, VBox
from .media import Image, Redirect
from .numbers import NumberInput, Slider
from .progress import Progress
from .table import Column, Table
from .text import HTML, Code, Heading, Label, Link, Markdown, Text
from .timer import Timer
from .uploads import FileUpload

__all__ = [
    "HTML",
    "Button",
    "Card",
    "CheckBox",
    "Code",
    "ColorInput",
    "Column",
    "DateInput",
    "Details",
    "Dialog",
    "Div",
    "Dropdown",
    "Field",
    "FileUpload",
    "Form",
    "Grid",
    "HBox",
    "Heading",
    "Image",
    "Input",
    "Label",
    "Link",
    "Markdown",
    "Notification",
    "Notifications",
    "NumberInput",
    "Progress",
    "ProgressBar",
    "RadioGroup",
    "Redirect",
    "SelectMultiple",
    "Slider",
    "Spinner",
    "Switch",
    "TabPanel",
    "Table",
    "Tabs",
    "Text",
    "TextArea",
    "TimeInput",
    "Timer",
    "VBox",
]
