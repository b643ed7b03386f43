// The report around the player: tables, figures, themes and print. A classic script.
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const read = (id) => JSON.parse(byId(id).textContent);

  // ---- saying and copying -------------------------------------------------------------------

  function say(text) {
    byId("said").textContent = "";
    setTimeout(() => { byId("said").textContent = text; }, 30);
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch (refused) {
      // Pages from a disk may not be allowed to; a selection always is.
      const area = document.createElement("textarea");
      area.value = text;
      area.className = "unseen";
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  }

  function asText(table) {
    const cell = (one) => (one.dataset.value ?? one.textContent).trim().replace(/\s+/g, " ");
    return all("tr", table).map((row) => [...row.cells].map(cell).join("\t")).join("\n") + "\n";
  }

  for (const button of all("button.copy")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const from = byId(button.dataset.copies);
      await copy(from.tagName === "TABLE" ? asText(from) : from.innerText.trim());
      const before = button.textContent;
      button.textContent = "Copied";
      say("Copied");
      setTimeout(() => { button.textContent = before; }, 1500);
    });
  }

  // ---- tables -------------------------------------------------------------------------------

  function sortBy(table, column, descending) {
    const body = table.tBodies[0];
    const keyed = [...body.rows].map((row, place) => {
      const cell = row.cells[column];
      const number = "value" in cell.dataset ? parseFloat(cell.dataset.value) : NaN;
      return { row, place, number, text: cell.textContent.trim() };
    });
    const numeric = keyed.some((one) => !Number.isNaN(one.number));
    const sign = descending ? -1 : 1;
    keyed.sort((a, b) => {
      if (numeric) {
        // What is not known comes last, whichever way it is sorted.
        const gone = Number.isNaN(a.number) - Number.isNaN(b.number);
        return gone || sign * (a.number - b.number) || a.place - b.place;
      }
      return sign * a.text.localeCompare(b.text, "en", { numeric: true }) || a.place - b.place;
    });
    body.append(...keyed.map((one) => one.row));
    all("thead th", table).forEach((head, place) => {
      const how = descending ? "descending" : "ascending";
      head.setAttribute("aria-sort", place === column ? how : "none");
    });
  }

  for (const table of all("table.sortable")) {
    all("thead th", table).forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      const text = head.dataset.kind === "text";
      button.addEventListener("click", () => {
        const now = head.getAttribute("aria-sort");
        sortBy(table, column, now === "none" ? !text : now === "ascending");
        say(`Sorted by ${button.textContent.trim()}, ${head.getAttribute("aria-sort")}`);
      });
    });
  }

  // ---- dark and light -----------------------------------------------------------------------

  const wantsDark = matchMedia("(prefers-color-scheme: dark)");
  const printing = { now: false };
  function isDark() {
    const said = document.documentElement.dataset.theme;
    return !printing.now && (said ? said === "dark" : wantsDark.matches);
  }

  const DARK = {
    "#1B1E23": "#e8eaed", "#626A73": "#9aa3ad", "#D9DDE1": "#30363d", "#FFFFFF": "#14171a",
    "#0072B2": "#56b4e9", "#D55E00": "#e69f00", "#9AA3AD": "#6b747e",
  };

  function darkened(value, key) {
    if (Array.isArray(value)) return value.map((one) => darkened(one, key));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, darkened(one, name)]));
    }
    if (typeof value !== "string" || !/color/i.test(key)) return value;
    if (DARK[value]) return DARK[value];
    return legible(value);
  }

  // Limbs of the left are dark, and would vanish on a dark page.
  function legible(color) {
    let parts = null, end = ")";
    const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(color);
    if (hex) parts = hex.slice(1).map((one) => parseInt(one, 16));
    const mixed = /^rgba\((\d+),(\d+),(\d+),([\d.]+)\)$/.exec(color);
    if (mixed) { parts = mixed.slice(1, 4).map(Number); end = `,${mixed[4]})`; }
    if (!parts) return color;
    const light = 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
    if (light > 95) return color;
    const raised = parts.map((one) => Math.round(one + (200 - one) * (1 - light / 95)));
    return `${mixed ? "rgba" : "rgb"}(${raised.join(",")}${end}`;
  }

  const theme = byId("theme");
  theme.hidden = false;
  theme.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    redraw();
  });
  wantsDark.addEventListener("change", redraw);

  function markLegibly() {
    for (const mark of all(".mark")) {
      const color = isDark() ? legible(mark.dataset.color) : mark.dataset.color;
      mark.style.borderColor = color;
      mark.style.background = mark.dataset.side === "left" ? "transparent" : color;
    }
  }

  // ---- the player ---------------------------------------------------------------------------

  let player = null;

  async function seek(frame) {
    if (!player) return;
    player.pause();
    byId("player").scrollIntoView({ block: "nearest", behavior: "auto" });
    await player.seek(frame);
    say(`Frame ${frame}`);
  }

  for (const button of all("button.jump")) {
    button.addEventListener("click", () => seek(Number(button.dataset.frame)));
  }

  async function startPlayer() {
    await LiftPose.boot("three");
    const options = { wheel: false };
    const made = LiftPose.player(byId("player"), read("track"), LiftPose.inline("track"), options);
    LiftPose.unpack("plotly"); // while the first picture is drawn
    await made.ready;
    player = made;
    document.body.classList.add("playing");
    window.report.player = made;
  }

  // ---- the figures --------------------------------------------------------------------------

  const figures = read("figures");
  const drawn = new Set();

  function themed(value) {
    return isDark() ? darkened(value, "") : JSON.parse(JSON.stringify(value));
  }

  async function draw(host) {
    const figure = figures[host.dataset.figure];
    const layout = { ...themed(figure.layout), height: figure.height };
    if (printing.now) { layout.width = 660; } else { layout.autosize = true; }
    const settings = { responsive: true, displaylogo: false, displayModeBar: false };
    const first = !drawn.has(host.dataset.figure);
    host.classList.remove("waiting");
    if (first) host.textContent = "";
    drawn.add(host.dataset.figure);
    const data = themed(figure.data);
    if (host.clientWidth < 560) data.forEach((trace) => narrow(trace, host.clientWidth));
    await window.Plotly.react(host, data, layout, settings);
    if (first && figure.seeks) {
      host.on("plotly_click", (event) => {
        const frame = event.points[0].customdata;
        if (Number.isFinite(frame)) seek(frame);
      });
    }
  }

  // On a phone numbers in tiles and bars of means would run into each other.
  function narrow(trace, width) {
    if (trace.mode === "text") Object.assign(trace, { mode: "markers", opacity: 0 });
    if (trace.marker && trace.marker.symbol === "line-ew") {
      trace.marker.size = Math.min(trace.marker.size, (0.4 * width) / trace.x.length);
    }
  }

  function redraw() {
    markLegibly();
    if (!window.Plotly) return;
    for (const host of all(".plot")) if (drawn.has(host.dataset.figure)) draw(host);
  }

  async function startFigures() {
    await LiftPose.boot("plotly");
    const watcher = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        watcher.unobserve(entry.target);
        if (!drawn.has(entry.target.dataset.figure)) draw(entry.target);
      }
    }, { rootMargin: "600px" });
    all(".plot").forEach((host) => watcher.observe(host));
    // The others when there is nothing else to do, so that print finds all of them.
    const idle = window.requestIdleCallback || ((deed) => setTimeout(deed, 200));
    idle(async function rest() {
      const next = all(".plot").find((host) => !drawn.has(host.dataset.figure));
      if (!next) return;
      await draw(next);
      idle(rest);
    });
  }

  addEventListener("beforeprint", () => {
    printing.now = true;
    markLegibly();
    if (window.Plotly) all(".plot").forEach(draw);
  });
  addEventListener("afterprint", () => {
    printing.now = false;
    redraw();
  });

  // ---- the order: words first, then what moves, then figures --------------------------------

  window.report = { player: null, seek, drawn, figures };
  markLegibly();
  window.report.ready = new Promise((done) => {
    requestAnimationFrame(() => setTimeout(async () => {
      try {
        await startPlayer();
      } catch (reason) {
        byId("player").textContent = "";
        const words = document.createElement("p");
        words.textContent = `The poses cannot be moved in this browser (${reason.message}).`;
        byId("still").append(words);
      }
      await startFigures();
      done();
    }, 0));
  });
})();
