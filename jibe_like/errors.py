"""Every error the package raises on purpose. All derive from `JibeLikeError`, and from the built-in error that fits."""


class JibeLikeError(Exception):
    """Base of the package's errors."""


class NotWidgetError(JibeLikeError, TypeError):
    """A child is no widget."""


class NoSuchEvent(JibeLikeError, ValueError):  # noqa: N818 - jibe's name
    """A handler was registered for an event that the widget does not have."""


class TreeError(JibeLikeError, ValueError):
    """A change that would break the tree: the same widget twice, a cycle, an identifier in use, another app's widget."""


class OrphanWidgetError(JibeLikeError, RuntimeError):
    """The widget is not attached to an application, and what was asked needs one."""


class PropertyTypeError(JibeLikeError, TypeError):
    """A property was given a value of the wrong type."""


class PropertyValueError(JibeLikeError, ValueError):
    """A property was given a value of the right type that it does not allow."""


class UnsafeValueError(JibeLikeError, ValueError):
    """An attribute, URL or style value that could run code or leave its place."""


class NotInitializedError(JibeLikeError, RuntimeError):
    """A widget's constructor did not call `super().__init__()`."""


class AssetsPathError(JibeLikeError, ValueError):
    """`assets_path` is of the wrong shape or names a folder that does not exist."""


class ProtocolError(JibeLikeError, ValueError):
    """A message from a browser that is not of the protocol's shape. Its text is the reason, fit for a log."""


class SettingsError(JibeLikeError, ValueError):
    """A setting of the wrong type or out of its range."""


class TooManySessionsError(JibeLikeError, RuntimeError):
    """The server hosts as many sessions as its settings allow."""
