"""Parts of uploads that need no server: names, kinds, what is kept of a file, and the form that it comes in."""

import pickle
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jibe_like.session.uploads.kinds import HEAD, accepts, accepts_name, type_of
from jibe_like.session.uploads.names import LONGEST, clean_name
from jibe_like.session.uploads.uploaded_file import UploadedFile
from jibe_like.web.multipart import BadForm, FileForm

# -- names


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("cat.png", "cat.png"),
        ("Grüße aus 日本.txt", "Grüße aus 日本.txt"),
        ("Gru\u0308ße.txt", "Grüße.txt"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\win.ini", "win.ini"),
        ("C:\\temp\\a.txt", "a.txt"),
        ("a/b/", "file"),
        ("", "file"),
        (".", "file"),
        ("..", "file"),
        (". . .", "file"),
        (".htaccess", "htaccess"),
        ("name. ", "name"),
        ("a\0b\r\nc\x1b[31m.txt", "abc[31m.txt"),
        ("report\u202egnp.exe", "reportgnp.exe"),
        ("\u2066x\u2069\ufeff\u200b.txt", "x.txt"),
        ("a\u2028b\u00a0c.txt", "a b c.txt"),
        ('<img src=x onerror="alert(1)">.png', "_img src=x onerror=_alert(1)__.png"),
        ("a:b|c?d*.txt", "a_b_c_d_.txt"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("com1 .tar.gz", "_com1 .tar.gz"),
        ("lpt³", "_lpt³"),
        ("console.txt", "console.txt"),
        ("\ud800.txt", "_.txt"),
        ("x" * 300 + ".jpeg", "x" * 195 + ".jpeg"),
        ("日" * 100 + ".txt", "日" * 65 + ".txt"),
        ("x." + "y" * 300, "x." + "y" * 198),
    ],
)
def test_a_name_is_made_harmless(name: str, clean: str) -> None:
    assert clean_name(name) == clean


@given(st.text(st.one_of(st.characters(), st.sampled_from('./\\:*?"<>| \u202e\u0300con')), max_size=300))
def test_no_name_does_harm(name: str) -> None:
    clean = clean_name(name)
    assert 0 < len(clean.encode()) <= LONGEST
    assert not set(clean) & set('/\\<>:"|?*')
    assert clean.strip(" .") == clean
    assert all(unicodedata.category(char)[0] != "C" for char in clean)
    assert unicodedata.is_normalized("NFC", clean)
    assert Path(clean).name == clean
    assert clean_name(clean) == clean


# -- kinds

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
ZIP = b"PK\x03\x04\x14\0\0\0\0\0"
HTML = b"<!doctype HTML><script>alert(1)</script>"
SVG = b'<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="http://www.w3.org/2000/svg"/>'


@pytest.mark.parametrize(
    ("head", "name", "found"),
    [
        (PNG, "cat.png", "image/png"),
        (PNG, "cat.txt", "image/png"),
        (PNG, "cat", "image/png"),
        (b"\xff\xd8\xff\xdb", "a.jpg", "image/jpeg"),
        (b"\xff\xd8\xff\xe1", "a.JFIF", "image/jpeg"),
        (b"GIF89a\1\0", "a.gif", "image/gif"),
        (b"RIFF\x1a\0\0\0WEBPVP8L", "a.webp", "image/webp"),
        (b"RIFF\x1a\0\0\0WAVEfmt ", "a.webp", "audio/wav"),
        (b"\0\0\0\x1cftypavif\0\0\0\0", "a.avif", "image/avif"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "a.heic", "image/heic"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0", "a.heic", "image/heic"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0", "a.mp4", "video/mp4"),
        (b"\0\0\0\x18ftypM4A \0\0\0\0", "a.m4a", "audio/mp4"),
        (b"\x1aE\xdf\xa3\x9f", "a.webm", "video/webm"),
        (b"\x1aE\xdf\xa3\x9f", "a.mkv", "video/x-matroska"),
        (b"ID3\3\0", "a.mp3", "audio/mpeg"),
        (b"OggS\0\2", "a.ogg", "audio/ogg"),
        (b"%PDF-1.7\n", "a.pdf", "application/pdf"),
        (ZIP, "a.zip", "application/zip"),
        (ZIP, "a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (ZIP, "a.png", "application/zip"),
        (b"x" * 257 + b"ustar", "a.tar", "application/x-tar"),
        (b"MZ\x90\0\3\0", "a.txt", "application/vnd.microsoft.portable-executable"),
        (b"MZ is how it begins", "a.txt", "text/plain"),
        (b"BM is how it begins", "a.txt", "text/plain"),
        (b"\x7fELF\2", "a.csv", "application/x-executable"),
        (HTML, "a.html", "text/html"),
        (HTML, "a.png", "text/html"),
        (HTML, "a.csv", "text/html"),
        (b"\xef\xbb\xbf \n<SCRIPT>", "a.txt", "text/html"),
        ("<html>".encode("utf-16"), "a.txt", "text/html"),
        (b"<p align=center>", "README.md", "text/markdown"),
        (SVG, "a.svg", "image/svg+xml"),
        (SVG, "a.xml", "text/xml"),
        (b"<html>", "a.svg", "text/xml"),
        (b"<svg/>", "a.png", "text/html"),
        (b"a,b\n", "a.csv", "text/csv"),
        ("größer\n".encode("latin-1"), "a.csv", "text/csv"),
        ("größer\n".encode("utf-16"), "a.csv", "text/csv"),
        (b'{"a": 1}', "a.json", "application/json"),
        (b"", "a.csv", "text/csv"),
        (b"", "a.png", "text/plain"),
        (b"a\0b", "a.csv", "application/octet-stream"),
        (b"words", "a", "text/plain"),
        (b"words", "a.png", "text/plain"),
        (b"words", "a.unheard", "text/plain"),
        (bytes(range(256)), "a.dwg", "application/octet-stream"),
    ],
)
def test_a_file_is_what_its_content_says(head: bytes, name: str, found: str) -> None:
    assert type_of(head, name) == found


@pytest.mark.parametrize(
    ("accept", "name", "head", "fits"),
    [
        ([], "a.exe", b"MZ\0\0", True),
        (["image/*"], "a.png", PNG, True),
        (["IMAGE/PNG "], "a.png", PNG, True),
        (["image/jpeg"], "a.png", PNG, False),
        (["image/*"], "a.jpg", PNG, False),
        (["image/*"], "a", PNG, True),
        (["image/*"], "a", HTML, False),
        (["image/*"], "a.png", HTML, False),
        (["image/*"], "a.html", PNG, False),
        (["image/*"], "a.svg", SVG, True),
        (["image/*"], "a.svg", HTML, False),
        (["image/*"], "a.png", SVG, False),
        (["*/*"], "a.html", HTML, True),
        ([".csv"], "a.CSV", b"a,b", True),
        ([".csv"], "a.csv", b"a\0b", False),
        ([".csv"], "a.csv", HTML, False),
        ([".csv"], "a.csv", ZIP, False),
        ([".csv"], "csv", b"a,b", False),
        (["text/*"], "a.csv", b"a,b", True),
        (["text/*"], "a.csv", PNG, False),
        ([".docx"], "a.docx", ZIP, True),
        ([".docx"], "a.docx", b"words", False),
        ([".tar.gz"], "a.tar.gz", b"\x1f\x8b\x08", True),
        ([".tar.gz"], "a.gz", b"\x1f\x8b\x08", False),
        ([".unheard"], "a.unheard", b"\1\2\3", True),
        ([".unheard"], "a.unheard", b"words", True),
        ([".csv", "image/*"], "a.png", PNG, True),
        (["application/zip"], "a.zip", ZIP, True),
        (["application/zip"], "a.docx", ZIP, False),
    ],
)
def test_what_is_accepted(accept: list[str], name: str, head: bytes, fits: bool) -> None:
    assert accepts(accept, name, type_of(head, name)) is fits
    if fits:
        assert accepts_name(accept, name)


@given(st.binary(max_size=2 * HEAD), st.sampled_from(["a.png", "a.csv", "a.docx", "a", "a.svg"]))
def test_nothing_is_accepted_that_it_is_not(head: bytes, name: str) -> None:
    found = type_of(head, name)
    assert "/" in found
    if accepts(["image/*"], name, found):
        assert found.startswith("image/")
    if accepts([".csv"], name, found):
        assert found == "text/csv"


# -- what is kept


@pytest.fixture
def file(tmp_path: Path) -> UploadedFile:
    path = tmp_path / "0123456789abcdef"
    path.write_bytes(b"hello")
    return UploadedFile(path, "a.txt", 5, "text/plain")


def test_a_file_can_be_read(file: UploadedFile) -> None:
    assert file.read_bytes() == b"hello"
    with file.open() as opened:
        assert opened.read() == b"hello"
    again = pickle.loads(pickle.dumps(file))
    assert (again.name, again.size, again.type, again.path) == ("a.txt", 5, "text/plain", file.path)
    assert repr(file) == "UploadedFile('a.txt', 5 bytes, text/plain)"


def test_a_file_can_be_deleted(file: UploadedFile) -> None:
    path = file.path
    file.delete()
    file.delete()
    assert path is not None
    assert not path.exists()
    assert file.path is None
    for use in (file.open, file.read_bytes, lambda: file.save("x")):
        with pytest.raises(FileNotFoundError, match="was deleted"):
            use()


@pytest.mark.parametrize("links", [True, False])
def test_a_file_can_be_saved(file: UploadedFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    if not links:

        def link(*_: object) -> None:
            raise OSError("another file system")

        monkeypatch.setattr("os.link", link)
    folder = tmp_path / "folder"
    folder.mkdir()
    assert file.save(folder) == folder / "a.txt"
    assert file.save(str(folder / "b.txt")) == folder / "b.txt"
    # A handler may be called again after its server died.
    assert file.save(folder) == folder / "a.txt"
    (folder / "a.txt").unlink()
    (folder / "a.txt").write_bytes(b"other")
    with pytest.raises(FileExistsError, match="another file"):
        file.save(folder)
    assert (folder / "a.txt").read_bytes() == b"other"
    file.delete()
    assert (folder / "b.txt").read_bytes() == b"hello"
    assert sorted(path.name for path in folder.iterdir()) == ["a.txt", "b.txt"]


# -- the form

KIND = 'multipart/form-data; boundary="the boundary"'


def form(content: bytes) -> bytes:
    head = b'--the boundary\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    return head + content + b"\r\n--the boundary--\r\n"


@given(st.binary(max_size=300), st.integers(1, 100))
def test_a_form_may_come_in_pieces_of_any_size(content: bytes, size: int) -> None:
    whole, taken = form(content), FileForm(KIND)
    pieces = [piece for at in range(0, len(whole), size) for piece in taken.feed(whole[at : at + size])]
    assert b"".join(pieces) == content
    assert taken.is_whole


def test_a_form_has_one_file() -> None:
    with pytest.raises(BadForm, match="more than one part"):
        FileForm(KIND).feed(form(b"a").replace(b"--\r\n", b"\r\n") + form(b"b"))
    with pytest.raises(BadForm, match="no file"):
        FileForm(KIND).feed(form(b"a").replace(b"filename", b"f"))
    for kind in (
        "",
        "text/plain",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/mixed; boundary=x",
    ):
        with pytest.raises(BadForm, match="is wanted"):
            FileForm(kind)
