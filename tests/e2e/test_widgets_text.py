"""Text in a real browser: roles, changes, links, sanitised HTML, code that scrolls by keyboard."""

from playwright.sync_api import Page, expect

from jibe_like import HTML, Button, Code, Connection, Heading, Label, Link, MainApp, Markdown, Text
from tests.e2e.conftest import NewPage
from tests.serving import Serve

PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
ATTACK = f"<img src='{PIXEL}' onload=\"document.title='run'\"><script>document.title='run'</script>"


class TextApp(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.label = Label(f"label {ATTACK}")
        self.heading = Heading("Title", level=1)
        self.text = Text("line one\nline two")
        self.link = Link("here", "#there")
        self.html = HTML(f"some <b>bold</b> text{ATTACK}")
        self.markdown = Markdown(f"a *word*\n\n- item\n\n{ATTACK}")
        self.code = Code("def f():\n" + "    return 1  # " + "long " * 100, language="python")
        change = Button("Change")
        change.register("click", self.on_change_all)
        self.children = [
            self.heading,
            self.label,
            self.text,
            self.link,
            self.html,
            self.markdown,
            self.code,
            change,
        ]

    def on_change_all(self) -> None:
        self.label.value = f"changed {ATTACK}"
        self.heading.value = "New title"
        self.heading.level = 2
        self.text.value = "only one"
        self.link.value = "elsewhere"
        self.link.url = "/elsewhere"
        self.link.new_tab = True
        self.html.value = f"<i>leaning</i>{ATTACK}"
        self.markdown.value = f"## Second\n\n{ATTACK}"
        self.code.value = "pass"
        self.code.language = ""


def test_text(page: Page, serve: Serve) -> None:
    page.goto(serve(TextApp))
    expect(page.get_by_role("heading", name="Title", level=1)).to_be_visible()
    expect(page.get_by_text(f"label {ATTACK}", exact=True)).to_be_visible()
    text = page.get_by_role("paragraph").filter(has_text="line one")
    assert text.evaluate("e => e.innerText") == "line one\nline two"
    assert text.evaluate("e => e.offsetHeight / parseFloat(getComputedStyle(e).lineHeight)") == 2
    expect(page.get_by_role("link", name="here")).to_have_attribute("href", "#there")
    expect(page.locator(".html b")).to_have_text("bold")
    expect(page.locator(".markdown em")).to_have_text("word")
    expect(page.locator(".markdown").get_by_role("listitem")).to_have_text("item")
    expect(page.get_by_role("group", name="python code")).to_contain_text("return 1")
    expect(page).to_have_title("TextApp")


def test_changes_of_text(page: Page, serve: Serve) -> None:
    page.goto(serve(TextApp))
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_role("heading", name="New title", level=2)).to_be_visible()
    expect(page.get_by_text(f"changed {ATTACK}", exact=True)).to_be_visible()
    expect(page.get_by_text("only one")).to_be_visible()
    expect(page.get_by_role("link", name="elsewhere")).to_have_attribute("href", "/elsewhere")
    expect(page.get_by_role("link", name="elsewhere")).to_have_attribute("target", "_blank")
    expect(page.get_by_role("link", name="elsewhere")).to_have_attribute("rel", "noopener")
    expect(page.locator(".html i")).to_have_text("leaning")
    expect(page.get_by_role("heading", name="Second")).to_be_visible()
    expect(page.get_by_role("group", name="code", exact=True)).to_have_text("pass")
    assert page.locator("script:not([src])").count() == 0
    expect(page).to_have_title("TextApp")


def test_text_can_be_read_without_javascript(new_page: NewPage, serve: Serve) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(serve(TextApp))
    expect(page.get_by_role("heading", name="Title")).to_be_visible()
    expect(page.locator(".html b")).to_have_text("bold")
    expect(page.locator(".markdown em")).to_have_text("word")
    expect(page.locator(".code")).to_contain_text("return 1")


def test_code_scrolls_by_keyboard(page: Page, serve: Serve) -> None:
    page.goto(serve(TextApp))
    code = page.get_by_role("group", name="python code")
    page.get_by_role("link", name="here").focus()
    page.keyboard.press("Tab")
    expect(code).to_be_focused()
    assert code.evaluate("e => e.scrollWidth > e.clientWidth")
    page.keyboard.press("ArrowRight")
    expect(code).not_to_have_js_property("scrollLeft", 0)


def test_a_link_is_followed(page: Page, serve: Serve) -> None:
    url = serve(TextApp)
    page.goto(url)
    page.get_by_role("link", name="here").press("Enter")
    expect(page).to_have_url(url + "#there")
