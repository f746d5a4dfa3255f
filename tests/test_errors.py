"""Every error is of the package's own family and of the built-in one that fits."""

import inspect

import pytest

from jibe_like import errors

OWN = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if kind.__module__ == errors.__name__]


@pytest.mark.parametrize("kind", OWN)
def test_all_are_of_one_family(kind: type[Exception]) -> None:
    assert issubclass(kind, errors.JibeLikeError)
    assert kind.__doc__


@pytest.mark.parametrize(
    ("kind", "built_in"),
    [
        (errors.NotWidgetError, TypeError),
        (errors.NoSuchEvent, ValueError),
        (errors.TreeError, ValueError),
        (errors.OrphanWidgetError, RuntimeError),
        (errors.PropertyTypeError, TypeError),
        (errors.PropertyValueError, ValueError),
        (errors.UnsafeValueError, ValueError),
        (errors.NotInitializedError, RuntimeError),
        (errors.AssetsPathError, ValueError),
        (errors.ProtocolError, ValueError),
        (errors.SettingsError, ValueError),
        (errors.TooManySessionsError, RuntimeError),
    ],
)
def test_each_can_be_caught_as_the_built_in_that_fits(kind: type[Exception], built_in: type[Exception]) -> None:
    with pytest.raises(built_in, match="told"):
        raise kind("told")
