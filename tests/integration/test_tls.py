"""`run(ssl=…)`: https with a certificate that was made for the test."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tornado.httpclient import AsyncHTTPClient

from jibe_like import Button, Connection, Label, MainApp, Server
from jibe_like.errors import SettingsError
from tests.integration.visitor import Visitor

PASSWORD = "open sesame"


class Hello(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.label = Label("0", identifier="label")
        add = Button("Add", identifier="add")
        add.register("click", self.on_add)
        self.children = [self.label, add]

    def on_add(self) -> None:
        self.label.value = "1"


class Files(NamedTuple):
    certificate: Path
    key: Path
    locked_key: Path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    places = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(places), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    found = Files(folder / "certificate.pem", folder / "key.pem", folder / "locked.pem")
    found.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    encryptions: list[tuple[Path, serialization.KeySerializationEncryption]] = [
        (found.key, serialization.NoEncryption()),
        (found.locked_key, serialization.BestAvailableEncryption(PASSWORD.encode())),
    ]
    for path, encryption in encryptions:
        path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption))
    return found


def context_of(files: Files) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    return context


@pytest.mark.gen_test
@pytest.mark.parametrize(
    "given",
    [
        context_of,
        lambda files: (files.certificate, str(files.key)),
        lambda files: {"certfile": files.certificate, "keyfile": files.key},
        lambda files: {"certfile": files.certificate, "keyfile": files.locked_key, "password": PASSWORD},
    ],
    ids=["context", "pair", "dict", "password"],
)
async def test_a_page_by_https(files: Files, given: Callable[[Files], Any]) -> None:
    server = Server("tls")
    server.mount(Hello)
    server.start(port=0, exec_mode="task", ssl=given(files))
    await server.ready
    assert server.url.startswith("https://")
    async with Visitor(server.url, ca_certs=str(files.certificate)) as page:
        response = await page.load()
        cookies = response.headers.get_list("Set-Cookie")
        assert [cookie.endswith("; Secure") for cookie in cookies] == [True, True]
        assert cookies[1].startswith("__Host-jibe_")
        assert response.headers["Strict-Transport-Security"].startswith("max-age=")
        # The socket is wss.
        assert (await page.connect(Origin=server.url.rstrip("/")))["resumed"] is True
        page.click("add")
        assert (await page.frame())["ops"] == [["text", "label", "1"]]
    await server.stop()


@pytest.mark.gen_test
async def test_an_old_protocol_is_not_spoken(files: Files) -> None:
    server = Server("tls versions")
    server.mount(Hello)
    server.start(port=0, exec_mode="task", ssl=(files.certificate, files.key))
    await server.ready
    client = ssl.create_default_context(cafile=str(files.certificate))
    client.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        client.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError):
        await AsyncHTTPClient().fetch(server.url, ssl_options=client)
    await server.stop()


@pytest.mark.gen_test
@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (lambda files: (files.certificate, files.key.with_name("none.pem")), "No such file"),
        (lambda files: (files.key, files.key), "NO_START_LINE|PEM|no start line"),
        (lambda files: {"certfile": files.certificate, "keyfile": files.locked_key, "password": "wrong"}, "ssl: "),
        (lambda files: (files.certificate, files.locked_key), "ssl: "),
        (lambda files: {"certfile": files.certificate, "key": files.key}, "'key'"),
        (lambda files: files.certificate, "must be an ssl.SSLContext, a pair"),
        (lambda files: (files.certificate,), "must be an ssl.SSLContext, a pair"),
    ],
    ids=["missing", "no certificate", "wrong password", "no password", "no such argument", "no pair", "one"],
)
async def test_what_cannot_be_used(files: Files, given: Callable[[Files], Any], reason: str) -> None:
    server = Server("no tls")
    server.mount(Hello)
    with pytest.raises(SettingsError, match=reason) as raised:
        await server.start(port=0, exec_mode="coroutine", ssl=given(files))
    assert "wrong" not in str(raised.value)
    assert not server.running


@pytest.mark.gen_test
async def test_it_is_said_once(files: Files) -> None:
    server = Server("tls twice")
    server.mount(Hello)
    context = context_of(files)
    with pytest.raises(SettingsError, match="give one of them"):
        await server.start(port=0, exec_mode="coroutine", ssl=context, ssl_options=context)
