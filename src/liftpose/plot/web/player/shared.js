// The player of 3D poses, in parts that are classic scripts and are joined in an order; see
// plot/embedding.py. It needs the global THREE, and without WebGL draws flat. This part: small
// things that the others share.
(function () {
  "use strict";
  const LiftPose = (window.LiftPose = window.LiftPose || {});
  const inner = (LiftPose.inner = {});
  const RAD = Math.PI / 180;

  function niceLength(about) {
    const power = Math.pow(10, Math.floor(Math.log10(about)));
    const step = [5, 2, 1].find((each) => each * power <= about * (1 + 1e-9)) || 1;
    return step * power;
  }

  function rgb(hex) {
    const text = hex.trim().replace("#", "");
    const whole = text.length === 3 ? text.replace(/./g, "$&$&") : text;
    const number = parseInt(whole, 16);
    return [(number >> 16) / 255, ((number >> 8) & 255) / 255, (number & 255) / 255];
  }

  const css = (c) => `rgb(${c.map((v) => Math.round(v * 255)).join(" ")})`;
  const mix = (a, b, t) => a.map((v, i) => v + (b[i] - v) * t);
  const linear = (v) => (v <= 0.04045 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4));
  const light = (c) => 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);

  function contrast(a, b) {
    const [low, high] = [light(a), light(b)].sort((p, q) => p - q);
    return (high + 0.05) / (low + 0.05);
  }

  // A limb's colour as it is read on a paper: drawn towards the ink, by no more than is needed.
  // Colours are chosen for white paper, where they stay what figures have; dark ones need light.
  function legible(own, paper, ink) {
    const needed = light(paper) < 0.2 ? 3 : 1.7;
    const steps = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
    const share = steps.find((t) => contrast(mix(own, ink, t), paper) >= needed);
    return mix(own, ink, share === undefined ? 1 : share);
  }

  // The colours of the page now.
  function themeOf(element, header) {
    const style = getComputedStyle(element);
    const color = (name, other) => rgb(style.getPropertyValue(name) || other);
    const theme = {
      paper: color("--paper", "#ffffff"),
      ink: color("--ink", "#1b1e23"),
      muted: color("--muted", "#626a73"),
      line: color("--line", "#d9dde1"),
      wash: color("--wash", "#f5f6f7"),
      accent: color("--accent", "#0072b2"),
      warn: color("--warn", "#d55e00"),
      truth: color("--truth", "#bdbdbd"),
    };
    const limbs = header.colors.map((hex) => legible(rgb(hex), theme.paper, theme.ink));
    theme.joints = header.joints.map((_, j) => limbs[header.limb_id[j]] || theme.accent);
    return theme;
  }

  function element(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value);
    }
    made.append(...children.filter((child) => child !== null));
    return made;
  }

  const ICONS = {
    play: "M4 2.5v11l9-5.5z",
    pause: "M4 2.5h3v11H4zM9 2.5h3v11H9z",
    previous: "M12 3v10L5.5 8zM3.5 3h1.6v10H3.5z",
    next: "M4 3v10l6.5-5zM10.9 3h1.6v10h-1.6z",
  };

  function icon(name) {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    svg.setAttribute("viewBox", "0 0 16 16");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS(space, "path");
    path.setAttribute("d", ICONS[name]);
    svg.append(path);
    return svg;
  }

  // Digits as a person would write them: as many as are worth reading.
  function digits(value) {
    if (!Number.isFinite(value)) return "–";
    const size = Math.abs(value);
    return size >= 1e5 || (size > 0 && size < 1e-3)
      ? value.toExponential(1)
      : String(Number(value.toPrecision(3)));
  }

  // The recording of a frame, and its rows in the file, of which the page may hold every n-th.
  function whereabouts(header, frame) {
    const whole = { name: "", first: 0, frames: header.frames, row: 0 };
    const within = ({ first, frames }) => frame >= first && frame < first + frames;
    const own = header.recordings.find(within) || whole;
    const on = (frame - own.first) * (header.every || 1);
    const row = (own.row === undefined ? own.first : own.row) + on;
    return { own, since: (own.skipped || 0) + on, row };
  }

  // Joints at the end of a limb: what trails are drawn of.
  function tips(header) {
    const degree = new Array(header.joints.length).fill(0);
    for (const [a, b] of header.bones) {
      degree[a]++;
      degree[b]++;
    }
    const ends = [...degree.keys()].filter((joint) => degree[joint] === 1);
    return (ends.length ? ends : [...degree.keys()]).slice(0, 40);
  }

  Object.assign(inner, { RAD, niceLength, rgb, css, themeOf, element, icon, digits, tips, whereabouts });
})();
