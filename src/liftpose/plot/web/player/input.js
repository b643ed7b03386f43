// What a person does to the player: keys, pointer, wheel, and changes of the page.
(function () {
  "use strict";
  const { inner } = window.LiftPose;
  const { NAMES, digits } = inner;

  function listen(player) {
    listenToCanvas(player);
    const keys = player.options.keyboard === "page" ? document : player.root;
    keys.addEventListener("keydown", (event) => key(player, event));
    player.line.slider.addEventListener("pointerdown", (event) => {
      player.line.slider.setPointerCapture(event.pointerId);
      player.scrub(event);
    });
    player.line.slider.addEventListener("pointermove", (event) => {
      if (event.buttons & 1) player.scrub(event);
    });
    new ResizeObserver(() => player.measure()).observe(player.root);
    const dress = () => player.dress();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", dress);
    new MutationObserver(dress).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    for (const [name, on] of [["beforeprint", true], ["afterprint", false]]) {
      window.addEventListener(name, () => player.print(on));
    }
  }

  function listenToCanvas(player) {
    const { canvas } = player;
    canvas.addEventListener("webglcontextlost", (event) => player.lost(event));
    canvas.addEventListener("pointerdown", () => canvas.focus({ preventScroll: true }));
    // The wheel scrolls the page until one has turned to the player.
    const wheel = (event) => {
      const mine = event.type !== "wheel" || event.ctrlKey || player.options.wheel;
      const on = mine || player.root.contains(document.activeElement);
      if (player.space.controls) player.space.controls.enableZoom = on;
      player.space.wheel = on;
    };
    for (const name of ["wheel", "pointerdown"]) {
      player.space3.addEventListener(name, wheel, { capture: true, passive: true });
    }
    canvas.addEventListener("pointermove", (event) => point(player, event));
    canvas.addEventListener("pointerleave", () => (player.tip.hidden = true));
  }

  // Names the joint under the pointer.
  function point(player, event) {
    if (event.buttons) return (player.tip.hidden = true);
    const box = player.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const joint = player.space.under(x, y, box.width, box.height);
    player.tip.hidden = joint < 0;
    if (joint < 0) return undefined;
    const unit = player.header.unit ? ` ${player.header.unit}` : "";
    const place = [0, 1, 2].map((d) => digits(player.now.pose[3 * joint + d])).join(", ");
    let says = `${player.header.joints[joint].replace(/_/g, " ")}\n${place}${unit}`;
    if (player.has("spread")) {
      const sd = [0, 1, 2].map((d) => player.now.spread[3 * joint + d]);
      if (Number.isFinite(sd[0])) says += `\nspread ${digits(Math.hypot(...sd))}${unit}`;
    }
    if (player.has("truth")) {
      const away = [0, 1, 2].map((d) => player.now.pose[3 * joint + d] - player.now.truth[3 * joint + d]);
      if (Number.isFinite(away[0])) says += `\n${digits(Math.hypot(...away))}${unit} from the truth`;
    }
    player.tip.textContent = says;
    const right = x > box.width - 170;
    player.tip.style.transform = `translate(${right ? x - 14 : x + 14}px, ${Math.min(y + 10, box.height - 70)}px)${right ? " translateX(-100%)" : ""}`;
    return undefined;
  }

  function key(player, event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const tag = event.target.tagName;
    if (tag === "SELECT" || tag === "INPUT" || tag === "TEXTAREA") return;
    if (tag === "BUTTON" && (event.key === " " || event.key === "Enter")) return;
    const second = Math.max(1, Math.round(player.header.fps || 10));
    const step = event.shiftKey ? second : 1;
    const last = player.header.frames - 1;
    const deeds = {
      " ": () => (player.playing ? player.pause() : player.play()),
      ArrowLeft: () => player.step(-step),
      ArrowRight: () => player.step(step),
      ArrowDown: () => player.step(-step),
      ArrowUp: () => player.step(step),
      PageUp: () => player.step(10 * second),
      PageDown: () => player.step(-10 * second),
      Home: () => player.seek(0),
      End: () => player.seek(last),
      "[": () => player.pace(-1),
      "]": () => player.pace(1),
      j: () => player.jump(1),
      k: () => player.jump(-1),
      1: () => player.view("top"),
      2: () => player.view("side"),
      3: () => player.view("front"),
      0: () => player.view("home"),
      "?": () => player.toggle("help"),
      Escape: () => player.toggle("help", false),
    };
    for (const name of Object.keys(NAMES)) deeds[NAMES[name][1]] = () => player.toggle(name);
    // Up and down are the page's, but on the time line, where a slider has them.
    if (/^(ArrowUp|ArrowDown|Page)/.test(event.key) && event.target !== player.line.slider) return;
    const deed = deeds[event.key];
    if (!deed) return;
    event.preventDefault();
    deed();
  }

  Object.assign(inner, { listen, listenToCanvas });
})();
