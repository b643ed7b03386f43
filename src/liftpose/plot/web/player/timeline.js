// The time line below the scene.
(function () {
  "use strict";
  const { inner } = window.LiftPose;
  const { niceLength, css, element, digits } = inner;

  const ROW = 34; // height of one line
  const MARKS = 16; // room for them above the lines
  const NAMES = 9; // and for the names of recordings above these

  class TimeLine {
    constructor(root, header) {
      this.canvas = element("canvas", { "aria-hidden": "true" });
      this.cursor = element("div", { class: "lp-cursor", "aria-hidden": "true" });
      this.labels = element("div", { class: "lp-labels", "aria-hidden": "true" });
      this.slider = element(
        "div",
        {
          class: "lp-time",
          role: "slider",
          tabindex: "0",
          "aria-label": "Time",
          "aria-valuemin": "0",
          "aria-valuemax": String(header.frames - 1),
        },
        this.canvas,
        this.cursor
      );
      root.append(this.labels, this.slider);
      this.take(header);
    }

    take(header) {
      this.header = header;
      const named = header.recordings.length > 1 && header.recordings.some(({ name }) => name);
      this.top = MARKS + (named ? NAMES : 0);
      this.labels.style.setProperty("--lp-top", `${this.top}px`);
      this.tall = this.top + Math.max(ROW / 2, header.lines.length * ROW) + 18;
      this.label();
    }

    label() {
      this.labels.replaceChildren();
      for (const line of this.header.lines) {
        const known = line.high.filter((value) => value !== null);
        const most = known.length ? Math.max(...known) : NaN;
        const unit = line.unit ? ` ${line.unit}` : "";
        this.labels.append(
          element("div", { class: "lp-label" }, line.label, element("span", {}, known.length ? `≤ ${digits(most)}${unit}` : ""))
        );
      }
    }

    resize(width, ratio) {
      this.width = width;
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(this.tall * ratio);
      this.canvas.style.height = `${this.tall}px`;
      this.ratio = ratio;
    }

    at(frame) {
      return ((frame + 0.5) / this.header.frames) * this.width;
    }

    frameAt(x) {
      const frame = Math.floor((x / this.width) * this.header.frames);
      return Math.max(0, Math.min(this.header.frames - 1, frame));
    }

    draw(theme) {
      if (!this.width) return;
      const pen = this.canvas.getContext("2d");
      pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
      pen.clearRect(0, 0, this.width, this.tall);
      const bottom = this.tall - 18;
      pen.fillStyle = css(theme.wash);
      pen.fillRect(0, this.top, this.width, bottom - this.top);
      const inks = { error: theme.warn, spread: theme.accent, novelty: theme.muted };
      this.header.lines.forEach((line, i) => {
        this.band(pen, line, this.top + i * ROW, css(inks[line.name] || theme.accent), theme);
      });
      this.borders(pen, theme, bottom);
      this.ticks(pen, theme, bottom);
      pen.fillStyle = css(theme.warn);
      for (const { frame } of this.header.marks) {
        const x = this.at(frame);
        pen.beginPath();
        pen.moveTo(x - 4, this.top - 8);
        pen.lineTo(x + 4, this.top - 8);
        pen.lineTo(x, this.top - 1);
        pen.fill();
      }
    }

    band(pen, line, top, ink, theme) {
      const count = line.low.length;
      const most = Math.max(...line.high.filter((value) => value !== null), 1e-30);
      const height = (value) => top + ROW - 2 - (ROW - 6) * (value / most);
      pen.strokeStyle = css(theme.line);
      pen.lineWidth = 1;
      pen.beginPath();
      pen.moveTo(0, top + ROW - 0.5);
      pen.lineTo(this.width, top + ROW - 0.5);
      pen.stroke();
      const wide = this.width / count;
      const base = top + ROW - 2;
      pen.fillStyle = pen.strokeStyle = ink;
      pen.lineWidth = 1.2;
      pen.lineJoin = "round";
      for (let begin = 0; begin < count; begin++) {
        if (line.low[begin] === null) continue;
        let end = begin;
        while (end < count && line.low[end] !== null) end++;
        const x = (i) => (i + 0.5) * wide;
        const trace = (values, from, to, way) => {
          for (let i = from; i !== to; i += way) pen.lineTo(x(i), height(values[i]));
        };
        pen.globalAlpha = 0.16;
        pen.beginPath();
        pen.moveTo(x(begin), base);
        trace(line.high, begin, end, 1);
        pen.lineTo(x(end - 1), base);
        pen.fill();
        pen.globalAlpha = 0.9;
        pen.beginPath();
        trace(line.high, begin, end, 1);
        trace(line.low, end - 1, begin - 1, -1);
        pen.closePath();
        pen.fill();
        pen.stroke();
        begin = end;
      }
      pen.globalAlpha = 1;
    }

    borders(pen, theme, bottom) {
      const { recordings, frames } = this.header;
      pen.font = '10px system-ui, "Helvetica Neue", Arial, sans-serif';
      pen.textBaseline = "alphabetic";
      for (const { name, first, frames: count } of recordings) {
        const x = (first / frames) * this.width;
        if (first) {
          pen.fillStyle = css(theme.muted);
          pen.fillRect(x, 2, 1, bottom - 2);
        }
        const room = (count / frames) * this.width - 6;
        if (!name || recordings.length < 2 || room < pen.measureText(name).width) continue;
        pen.fillStyle = css(theme.muted);
        pen.fillText(name, x + 4, 9);
      }
    }

    ticks(pen, theme, bottom) {
      const { frames, fps } = this.header;
      const whole = fps ? frames / fps : frames * (this.header.every || 1);
      const step = Math.max(niceLength((whole / this.width) * 110), fps ? 0 : 1);
      let free = 0; // where the last label ends
      pen.fillStyle = css(theme.muted);
      pen.font = '10px system-ui, "Helvetica Neue", Arial, sans-serif';
      for (let i = 0; i * step < whole; i++) {
        const x = ((i * step) / whole) * this.width;
        pen.fillRect(Math.round(x), bottom, 1, 4);
        const text = Number((i * step).toPrecision(6)).toLocaleString("en");
        const words = i ? text : `${text} ${fps ? "s" : "frames"}`;
        const room = pen.measureText(words).width;
        const from = i ? x - room / 2 : 0;
        if (from < free || x + room > this.width) continue;
        pen.fillText(words, from, bottom + 14);
        free = from + room + 6;
      }
    }

    move(frame) {
      this.cursor.style.transform = `translateX(${this.at(frame).toFixed(2)}px)`;
    }
  }

  Object.assign(inner, { TimeLine });
})();
