"""Every error the package raises on purpose. All derive from `JibeLikeError`, and from the built-in error that fits."""


class JibeLikeError(Exception):
    """Base of the package's errors."""


class NotWidgetError(JibeLikeError, TypeError):
    """A child is no widget."""


class NoSuchEvent(JibeLikeError, ValueError):
    """A handler was registered for an event that the widget does not have."""


class TreeError(JibeLikeError, ValueError):
    """A change that would break the tree: a widget twice, a cycle, an identifier in use, another app's widget."""


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


class ServerError(JibeLikeError, RuntimeError):
    """A server cannot do what was asked: the port is in use, a route is taken, something it needs is not installed."""


class FunctionNotImplementedError(JibeLikeError, NotImplementedError):
    """An entry of a server's controller was called, and nobody has said what it does."""


class StateLoopError(JibeLikeError, RuntimeError):
    """Listeners of states change what they listen to, again and again. Its text names the keys."""


class TooManySessionsError(JibeLikeError, RuntimeError):
    """The server hosts as many sessions as its settings allow."""


class NoSessionError(JibeLikeError, RuntimeError):
    """What was called acts on the current session, and there is none. Its text says how to get there."""


class SessionEndedError(JibeLikeError, RuntimeError):
    """What was called needs a page of the current session, and that session has ended."""


class StoreError(JibeLikeError, RuntimeError):
    """A store cannot be read or written, or its secret cannot be used. Its text names the file and the reason."""


class SignInError(JibeLikeError, RuntimeError):
    """Somebody cannot be signed in, or their tokens not be refreshed. Its text is the reason, fit for a log."""


class SignInRefusedError(SignInError):
    """Whoever decides on it has said no, and would again."""


class SnapshotError(JibeLikeError, ValueError):
    """Bytes that are no snapshot made with one of the secrets: changed, foreign, or of another version."""


class MisfitSnapshotError(SnapshotError):
    """A genuine snapshot that today's code cannot take: a class is gone, or does not accept what was stored."""


class UnpicklableError(JibeLikeError, TypeError):
    """Something in a session cannot be stored.

    `path` says where (`document.children[2].file`), `type_name` what (`_io.TextIOWrapper`), `reason` why.
    """

    def __init__(self, path: str, type_name: str, reason: str) -> None:
        self.path = path
        self.type_name = type_name
        self.reason = reason
        super().__init__(f"{path} cannot be stored: {reason} ({type_name})")


class NotSendableError(JibeLikeError, TypeError):
    """A function, an argument or a result cannot go to another process, or back."""


class LostFunctionError(JibeLikeError, RuntimeError):
    """A function was called that a snapshot refers to and that the code no longer has."""
