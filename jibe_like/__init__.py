"""A pure-Python full-stack web UI framework: subclass `MainApp`, compose widgets, call `run`."""

from . import script_mode as script_mode
from .errors import (
    AssetsPathError,
    FunctionNotImplementedError,
    JibeLikeError,
    NoSessionError,
    NoSuchEvent,
    NotInitializedError,
    NotSendableError,
    NotWidgetError,
    OrphanWidgetError,
    PropertyTypeError,
    PropertyValueError,
    ProtocolError,
    ServerError,
    SessionEndedError,
    SettingsError,
    SignInError,
    SignInRefusedError,
    StateLoopError,
    TreeError,
    UnsafeValueError,
)
from .hosting.procedures import export_rpc
from .hosting.translator import Translator
from .main_app import MainApp
from .multi_app import InJupyterApp, InJupyterMultiApp, MultiApp, MultiAppHandler
from .query import Q, Query, app, on, run_on
from .server import Server, get_server
from .session.auth.auth import Auth
from .session.connection import Connection
from .session.session import Session
from .session.state.state import State
from .settings import Settings
from .tree import binding as bind
from .tree.events import Message, event_handler
from .tree.files import ReceivedFile
from .tree.files import TakenFile as UploadedFile
from .tree.observed import NotifyList2
from .tree.property import Property
from .tree.widget import Widget
from .web.auth.base import AuthProvider
from .web.auth.basic import BasicAuth, hash_password
from .web.auth.oidc import OIDC
from .web.auth.proxy import ProxyAuth
from .web.page import MainHandler, htmlt
from .web.websocket import WebSocketHandler
from .widgets import *
from .widgets import __all__ as _widgets

__version__ = "0.1.0"

__all__ = [
    "AssetsPathError",
    "Auth",
    "AuthProvider",
    "BasicAuth",
    "Connection",
    "FunctionNotImplementedError",
    "InJupyterApp",
    "InJupyterMultiApp",
    "JibeLikeError",
    "MainApp",
    "MainHandler",
    "Message",
    "MultiApp",
    "MultiAppHandler",
    "NoSessionError",
    "NoSuchEvent",
    "NotInitializedError",
    "NotSendableError",
    "NotWidgetError",
    "NotifyList2",
    "OIDC",
    "OrphanWidgetError",
    "Property",
    "PropertyTypeError",
    "PropertyValueError",
    "ProtocolError",
    "ProxyAuth",
    "Q",
    "Query",
    "ReceivedFile",
    "Server",
    "ServerError",
    "Session",
    "SessionEndedError",
    "Settings",
    "SettingsError",
    "SignInError",
    "SignInRefusedError",
    "State",
    "StateLoopError",
    "Translator",
    "TreeError",
    "UnsafeValueError",
    "UploadedFile",
    "WebSocketHandler",
    "Widget",
    "app",
    "bind",
    "event_handler",
    "export_rpc",
    "get_server",
    "hash_password",
    "htmlt",
    "on",
    "run_on",
    *_widgets,
]
