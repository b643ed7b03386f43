// What stands around the scene: legend, buttons and the list of keys.
(function () {
  "use strict";
  const { inner } = window.LiftPose;
  const { element, icon } = inner;
  const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 4];

  const HELP = [
    ["space", "play or pause"],
    ["← →", "a frame back or on; with shift, a second"],
    ["home end", "first or last frame"],
    ["j k", "next or previous marked frame"],
    ["[ ]", "slower or faster"],
    ["t g r s", "truth, ghost, trails, spread"],
    ["i c", "image, close-up"],
    ["1 2 3 0", "from above, from the side, from the front, as at first"],
    ["f l", "follow the animal; loop"],
    ["drag, wheel", "turn, zoom; with two fingers on a touch screen"],
    ["?", "show or hide this"],
  ];

  const NAMES = {
    truth: ["Truth", "t", "the known pose, in grey"],
    ghost: ["Ghost", "g", "the poses just before and after"],
    trails: ["Trails", "r", "where the ends of the limbs were"],
    spread: ["Spread", "s", "the error bars, as ellipsoids"],
    image: ["Image", "i", "the keypoints in the image"],
    close: ["Close-up", "c", "the image around the animal"],
    follow: ["Follow", "f", "keep the animal in the middle"],
    loop: ["Loop", "l", "begin again after the last frame"],
  };

  const VIEW_NAMES = [["top", "Top", "1"], ["side", "Side", "2"], ["front", "Front", "3"]];

  function legend(player) {
    const entries = [];
    if (player.header.left.some(Boolean)) {
      entries.push(element("span", {}, element("i", { class: "lp-left" }), "left"));
      entries.push(element("span", {}, element("i", { class: "lp-right" }), "right"));
    }
    if (player.has("truth")) {
      player.truthKey = element("span", {}, element("i", { class: "lp-truth" }), "truth");
      entries.push(player.truthKey);
    }
    if (player.has("spread")) {
      player.spreadKey = element("span", {}, element("i", { class: "lp-ball" }), player.header.bar_label || "spread");
      entries.push(player.spreadKey);
    }
    return element("div", { class: "lp-corner" }, ...entries);
  }

  function bar(player) {
    const button = (attributes, ...children) => element("button", { type: "button", ...attributes }, ...children);
    player.buttons = {};
    player.playButton = button({ class: "lp-play", "aria-label": "Play", title: "Play (space)" }, icon("play"));
    player.playButton.addEventListener("click", () => (player.playing ? player.pause() : player.play()));
    const transport = element("div", { class: "lp-group" });
    const back = button({ "aria-label": "Previous marked frame", title: "Previous marked frame (k)" }, icon("previous"));
    const ahead = button({ "aria-label": "Next marked frame", title: "Next marked frame (j)" }, icon("next"));
    back.addEventListener("click", () => player.jump(-1));
    ahead.addEventListener("click", () => player.jump(1));
    player.markers = [back, ahead];
    for (const each of player.markers) each.hidden = !player.header.marks.length;
    transport.append(back, player.playButton, ahead);
    player.speeds = element("select", { "aria-label": "Speed", title: "Speed ([ and ])" });
    for (const speed of SPEEDS) player.speeds.append(element("option", { value: speed, selected: speed === 1 ? "" : null }, `${speed}×`));
    player.speeds.addEventListener("change", () => (player.speed = Number(player.speeds.value)));
    transport.append(player.speeds);
    player.readout = element("output", { class: "lp-readout", "aria-live": "off" });
    const toggles = element("div", { class: "lp-group" });
    for (const name of Object.keys(NAMES)) {
      if (!player.offers(name)) continue;
      const [label, key, says] = NAMES[name];
      const made = button({ "aria-pressed": "false", title: `${label}: ${says} (${key})` }, label);
      made.addEventListener("click", () => player.toggle(name));
      player.buttons[name] = made;
      toggles.append(made);
    }
    const views = element("div", { class: "lp-group", role: "group", "aria-label": "View" });
    for (const [name, label, key] of VIEW_NAMES) {
      const made = button({ title: `View: ${label.toLowerCase()} (${key}); as at first (0)` }, label);
      made.addEventListener("click", () => player.view(name));
      views.append(made);
    }
    const help = button({ "aria-pressed": "false", "aria-label": "Keys", title: "Keys (?)" }, "?");
    help.addEventListener("click", () => player.toggle("help"));
    player.buttons.help = help;
    views.append(help);
    const bar = element("div", { class: "lp-bar" }, transport, player.readout, views, toggles);
    if (player.header.frames < 2) transport.hidden = true;
    return bar;
  }

  function help(player) {
    const list = element("dl", {});
    for (const [keys, says] of HELP) {
      const each = keys.split(/[ ,]+/).map((key) => element("kbd", {}, key));
      list.append(element("dt", {}, ...each), element("dd", {}, says));
    }
    const note = "Slowed down, motion between two frames is interpolated; paused, it is the frame itself.";
    player.helpBox = element("div", { class: "lp-help", hidden: "" }, list, element("p", {}, note));
    return player.helpBox;
  }

  Object.assign(inner, { SPEEDS, NAMES, legend, bar, help });
})();
