"""A real browser for the pages: headless Chromium, its console, and what it asks others for."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    # WebGL is drawn by the processor where there is no graphics card.
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)
LOCAL = ("file:", "data:", "blob:", "about:")


class Browser:
    """A Chromium that is driven, and what it says and asks for since the page was opened."""

    def __init__(self, driver: Any):
        self.driver = driver

    def open(
        self, page: Path | str, width: int = 1280, height: int = 900, scale: float = 1
    ) -> None:
        """Open a file or an address in a window of some size, and forget what was before."""
        self.size(width, height, scale=scale)
        self.media()
        self.driver.get("about:blank")
        self._performance()
        self.driver.get_log("browser")
        self.driver.get(page.resolve().as_uri() if isinstance(page, Path) else page)

    def size(self, width: int, height: int, phone: bool = False, scale: float = 1) -> None:
        """Give the page a size; a phone has touch, too."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": phone}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": phone})

    def media(self, *, print_: bool = False, **features: str) -> None:
        """Set what a page asks the system for, such as prefers_color_scheme="dark"."""
        wanted = [{"name": k.replace("_", "-"), "value": v} for k, v in features.items()]
        body = {"media": "print" if print_ else "", "features": wanted}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", body)

    def run(self, script: str, *args: Any) -> Any:
        """Run a script, and give what it returns."""
        return self.driver.execute_script(script, *args)

    def wait(self, script: str, *args: Any, seconds: float = 60) -> Any:
        """Run the body of an async function, and give what it returns when it is done."""
        self.driver.set_script_timeout(seconds)
        answer = self.driver.execute_async_script(
            "const given = [...arguments], done = given.pop();"
            f"(async (...args) => {{ {script} }})(...given).then("
            "(value) => done({value}), (error) => done({error: String(error.stack || error)}));",
            *args,
        )
        assert "error" not in answer, answer["error"]
        return answer.get("value")

    def until(self, wanted: Any, script: str, *args: Any, seconds: float = 30) -> Any:
        """Run a script until it returns what is wanted, or for long; give what it returned last."""
        end = time.monotonic() + seconds
        while (got := self.run(script, *args)) != wanted and time.monotonic() < end:
            time.sleep(0.02)
        return got

    def picture(self, path: Path) -> Path:
        """Take a screenshot of what is to be seen."""
        self.driver.save_screenshot(str(path))
        return path

    def errors(self) -> list[str]:
        """Everything that the console warned of since it was last asked."""
        bad = ("SEVERE", "WARNING")
        return [
            entry["message"]
            for entry in self.driver.get_log("browser")
            # Drawing by the processor is what is wanted here.
            if entry["level"] in bad and "GPU stall" not in entry["message"]
        ]

    def requests(self, *but: str) -> list[str]:
        """Addresses that were asked for since the last call, but files and those that begin so."""
        return [url for url in self._performance() if not url.startswith((*LOCAL, *but))]

    def _performance(self) -> list[str]:
        events = [
            json.loads(row["message"])["message"] for row in self.driver.get_log("performance")
        ]
        sent = ("Network.requestWillBeSent", "Network.webSocketCreated")
        asked = [event["params"] for event in events if event["method"] in sent]
        return [params.get("request", params)["url"] for params in asked]


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests; they are left out where there is none."""
    selenium = pytest.importorskip("selenium.webdriver", reason="needs selenium to drive a browser")
    from selenium.webdriver.chrome.service import Service

    names = ("chromium", "chromium-browser", "google-chrome")
    program = next((found for name in names if (found := shutil.which(name))), None)
    drives = shutil.which("chromedriver")
    if program is None or drives is None:
        pytest.skip(f"needs {'chromium' if program is None else 'chromedriver'} on the path")
    options = selenium.ChromeOptions()
    options.binary_location = program
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('browser')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = Service(executable_path=drives, log_output=os.devnull)
    driver = selenium.Chrome(options=options, service=service)
    try:
        yield Browser(driver)
    finally:
        driver.quit()
