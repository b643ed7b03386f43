// The image beside the scene.
(function () {
  "use strict";
  const { inner } = window.LiftPose;
  const { css } = inner;

  class Image2D {
    constructor(canvas, header) {
      this.canvas = canvas;
      this.header = header;
      this.pen = canvas.getContext("2d");
      this.bitmap = null;
      this.width = 0;
      const size = header.image_size;
      const box = size
        ? { low: [-0.5, -0.5], high: [size[0] - 0.5, size[1] - 0.5] }
        : header.image_box || { low: [0, 0], high: [1, 1] };
      const rim = size ? 0 : 0.1 * Math.max(box.high[0] - box.low[0], box.high[1] - box.low[1], 1);
      this.wide = box.high[0] - box.low[0] + 2 * rim;
      this.tall = box.high[1] - box.low[1] + 2 * rim;
      this.middle = [(box.low[0] + box.high[0]) / 2, (box.low[1] + box.high[1]) / 2];
      this.aim = [NaN, NaN];
      this.to = [0, 0];
      this.near = nearer(header, Math.max(this.wide, this.tall));
      this.zooms = this.near !== null;
      this.close = false;
    }

    theme(theme) {
      this.colors = theme;
      this.inks = theme.joints.map(css);
      this.papers = { paper: css(theme.paper), wash: css(theme.wash), muted: css(theme.muted), ink: css(theme.ink) };
    }

    resize(width, height, ratio) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
      Object.assign(this, { width, height, ratio });
    }

    // Where the image lies in the canvas: whole, or what is around the animal.
    lay(now, past) {
      const near = this.close ? this.near : null;
      const { wide, tall } = near || this;
      this.scale = Math.min(this.width / wide, this.height / tall);
      const { aim, to } = this;
      if (!near || near.middle || !(now.image && middle2(now.image, to))) {
        const still = near && !near.middle && aim[0] === aim[0];
        [to[0], to[1]] = still ? aim : (near && near.middle) || this.middle;
      }
      const far = Math.hypot(to[0] - aim[0], to[1] - aim[1]);
      const part = past > 0 && near && far < near.wide ? 1 - Math.exp(-past / 0.2) : 1;
      for (let d = 0; d < 2; d++) {
        const from = aim[d] === aim[d] ? aim[d] : to[d];
        aim[d] = from + part * (to[d] - from);
      }
      this.x = this.width / 2 - this.scale * aim[0];
      this.y = this.height / 2 - this.scale * aim[1];
    }

    draw(now, past) {
      if (!this.width) return;
      const { pen, header } = this;
      this.lay(now, past);
      pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
      pen.fillStyle = this.papers.wash;
      pen.fillRect(0, 0, this.width, this.height);
      if (header.image_size) this.frame();
      pen.lineCap = "round";
      const thick = Math.max(1.6, Math.min(3, this.width / 150));
      if (now.reprojected) this.body(now.reprojected, 0.4, thick * 0.6, false);
      if (now.image) this.body(now.image, 1, thick, true);
      pen.globalAlpha = 1;
      if (header.image_size && this.close && this.zooms) this.map();
    }

    frame() {
      const { pen, scale } = this;
      const [wide, tall] = this.header.image_size;
      const [x, y] = [this.x - 0.5 * scale, this.y - 0.5 * scale];
      pen.fillStyle = this.papers.paper;
      pen.fillRect(x, y, wide * scale, tall * scale);
      if (this.bitmap) pen.drawImage(this.bitmap, x, y, wide * scale, tall * scale);
      pen.strokeStyle = this.papers.muted;
      pen.lineWidth = 1;
      pen.strokeRect(x, y, wide * scale, tall * scale);
    }

    // The whole image, small, in the corner, and in it what is shown of it.
    map() {
      const { pen, bitmap } = this;
      const [wide, tall] = this.header.image_size;
      const small = Math.min(72 / wide, 60 / tall);
      const [w, h] = [wide * small, tall * small];
      const [x, y] = [this.width - w - 8.5, this.height - h - 8.5];
      pen.fillStyle = this.papers.paper;
      pen.fillRect(x, y, w, h);
      if (bitmap) pen.drawImage(bitmap, x, y, w, h);
      pen.lineWidth = 1;
      pen.strokeStyle = this.papers.muted;
      pen.strokeRect(x, y, w, h);
      const from = [-this.x / this.scale + 0.5, -this.y / this.scale + 0.5];
      const shown = [this.width / this.scale, this.height / this.scale];
      const [left, top] = from.map((at) => Math.max(0, at) * small);
      const right = Math.min(wide, from[0] + shown[0]) * small;
      const bottom = Math.min(tall, from[1] + shown[1]) * small;
      pen.lineWidth = 1.5;
      pen.strokeStyle = this.papers.ink;
      if (right > left && bottom > top) pen.strokeRect(x + left, y + top, right - left, bottom - top);
    }

    body(points, alpha, thick, dots) {
      const { pen, header, scale, x, y } = this;
      pen.globalAlpha = alpha;
      pen.lineWidth = thick;
      for (let b = 0; b < header.bones.length; b++) {
        const p = 2 * header.bones[b][0];
        const q = 2 * header.bones[b][1];
        if (!(points[p] === points[p]) || !(points[q] === points[q])) continue;
        pen.strokeStyle = this.inks[header.bones[b][0]];
        pen.beginPath();
        pen.moveTo(x + scale * points[p], y + scale * points[p + 1]);
        pen.lineTo(x + scale * points[q], y + scale * points[q + 1]);
        pen.stroke();
      }
      if (!dots && header.bones.length) return;
      const { paper } = this.papers;
      for (let j = 0; j < header.joints.length; j++) {
        if (!(points[2 * j] === points[2 * j])) continue;
        const left = header.left[j];
        pen.beginPath();
        pen.arc(x + scale * points[2 * j], y + scale * points[2 * j + 1], thick * 1.25, 0, 7);
        pen.fillStyle = left ? paper : this.inks[j];
        pen.fill();
        if (!left) continue;
        pen.strokeStyle = this.inks[j];
        pen.lineWidth = thick * 0.7;
        pen.stroke();
      }
    }
  }

  // A closer look, where the animal is small in the image: at where it ever is, or, where it walks
  // far, around it; null where it would be hardly closer.
  function nearer(header, whole) {
    const { image_box: box, image_reach: reach } = header;
    if (!box || !reach) return null;
    const [wide, tall] = [0, 1].map((d) => box.high[d] - box.low[d]);
    const ever = Math.max(wide, tall);
    const walks = ever > 1.8 * reach;
    const rim = 0.15 * (walks ? reach : ever);
    if ((walks ? reach : ever) + rim > 0.7 * whole) return null;
    if (walks) return { wide: reach + rim, tall: reach + rim };
    const middle = [0, 1].map((d) => (box.low[d] + box.high[d]) / 2);
    return { wide: wide + rim, tall: tall + rim, middle };
  }

  // Middle of the box around the keypoints; false where there are none.
  function middle2(points, out) {
    for (let d = 0; d < 2; d++) {
      let low = Infinity;
      let high = -Infinity;
      for (let i = d; i < points.length; i += 2) {
        if (points[i] < low) low = points[i];
        if (points[i] > high) high = points[i];
      }
      if (low > high) return false;
      out[d] = (low + high) / 2;
    }
    return true;
  }

  Object.assign(inner, { Image2D });
})();
