// The frames of a track, chunk by chunk; see plot/chunks.py for their format.
(function () {
  "use strict";
  const { inner } = window.LiftPose;
  const { LiftPose } = window;
  const ABSENT = 65535;
  const KEPT = 24; // chunks that stay decoded

  async function plain(buffer) {
    const bytes = new Uint8Array(buffer);
    if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  function decode(bytes, layers, joints) {
    let scales = 0;
    let row = 0;
    for (const { dims } of layers) {
      scales += 8 * dims;
      row += 2 * joints * dims;
    }
    const frames = (bytes.length - scales) / row;
    if (frames !== Math.floor(frames) || frames < 0) throw new Error("a chunk is damaged");
    const found = {};
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    for (const { name, dims } of layers) {
      const low = new Float64Array(dims);
      const step = new Float64Array(dims);
      for (let d = 0; d < dims; d++) {
        low[d] = view.getFloat32(at + 4 * d, true);
        step[d] = view.getFloat32(at + 4 * (dims + d), true);
      }
      at += 8 * dims;
      const width = joints * dims;
      const count = frames * width;
      const held = new Uint16Array(count); // sums in it are modulo 65536
      const high = at + count;
      for (let i = 0; i < count; i++) {
        held[i] = (bytes[at + i] | (bytes[high + i] << 8)) + (i < width ? 0 : held[i - width]);
      }
      at += 2 * count;
      found[name] = { held, low, step, dims, width };
    }
    return { frames, layers: found };
  }

  class Frames {
    constructor(header, source) {
      this.header = header;
      this.source = source;
      this.chunks = new Map();
      this.pending = new Map();
    }

    has(frame) {
      return this.chunks.has(Math.floor(frame / this.header.chunk));
    }

    // Resolves when the frame can be read.
    want(frame) {
      return this.load(Math.floor(frame / this.header.chunk));
    }

    load(number) {
      const last = Math.ceil(this.header.frames / this.header.chunk) - 1;
      if (number < 0 || number > last || this.chunks.has(number)) return Promise.resolve();
      if (this.pending.has(number)) return this.pending.get(number);
      const done = Promise.resolve(this.source.chunk(number))
        .then(plain)
        .then((bytes) => {
          const chunk = decode(bytes, this.header.layers, this.header.joints.length);
          this.chunks.set(number, chunk);
          if (this.chunks.size > KEPT) this.drop(number);
        })
        .finally(() => this.pending.delete(number));
      this.pending.set(number, done);
      return done;
    }

    // Lets go of the chunk that is furthest from where one is.
    drop(near) {
      let far = near;
      for (const number of this.chunks.keys()) {
        if (Math.abs(number - near) > Math.abs(far - near)) far = number;
      }
      this.chunks.delete(far);
    }

    // Writes a frame of a layer into `out`; NaN where it is absent, or not there yet.
    read(layer, frame, out) {
      const { chunk: length, frames } = this.header;
      const number = Math.floor(frame / length);
      const chunk = frame < 0 || frame >= frames ? undefined : this.chunks.get(number);
      const kept = chunk && chunk.layers[layer];
      if (!kept || frame - number * length >= chunk.frames) {
        out.fill(NaN);
        return false;
      }
      const { held, low, step, dims, width } = kept;
      const from = (frame - number * length) * width;
      for (let i = 0; i < width; i++) {
        const q = held[from + i];
        out[i] = q === ABSENT ? NaN : low[i % dims] + step[i % dims] * q;
      }
      return true;
    }

    // One joint of a frame of three coordinates, for trails; false where it is absent.
    point(layer, frame, joint, out, at) {
      const { chunk: length } = this.header;
      const number = Math.floor(frame / length);
      const chunk = this.chunks.get(number);
      const kept = chunk && chunk.layers[layer];
      if (!kept || frame - number * length >= chunk.frames) return false;
      const from = (frame - number * length) * kept.width + joint * 3;
      if (kept.held[from] === ABSENT) return false;
      for (let d = 0; d < 3; d++) out[at + d] = kept.low[d] + kept.step[d] * kept.held[from + d];
      return true;
    }
  }

  // A source that reads the chunks from <script type="application/octet-stream" id="ID-0">.
  LiftPose.inline = function (id) {
    return {
      chunk(number) {
        const element = document.getElementById(`${id}-${number}`);
        if (!element) return Promise.reject(new Error(`the page has no chunk ${id}-${number}`));
        return Promise.resolve(LiftPose.bytes(element.textContent).buffer);
      },
    };
  };

  Object.assign(inner, { Frames });
})();
