// What a scene is made of: spheres and cylinders, and strokes of some width in pixels.
(function () {
  "use strict";
  const { inner } = window.LiftPose;

  const SOLID_VERTEX = `
    attribute vec3 tint;
    attribute float hollow;
    uniform float grow;
    varying vec3 vNormal, vTint, vView;
    varying float vHollow;
    void main() {
      mat3 m = mat3(instanceMatrix);
      vec3 size = vec3(dot(m[0], m[0]), dot(m[1], m[1]), dot(m[2], m[2]));
      vNormal = normalize(normalMatrix * (m * (normal / max(size, 1e-30))));
      vec4 place = modelViewMatrix * instanceMatrix * vec4(position, 1.0);
      place.xyz += size.x > 0.0 ? grow * vNormal : vec3(0.0);
      vTint = tint;
      vHollow = hollow;
      vView = place.xyz;
      gl_Position = projectionMatrix * place;
    }`;

  const SOLID_FRAGMENT = `
    uniform vec3 paper;
    uniform float shade, opacity, shell, flatly;
    varying vec3 vNormal, vTint, vView;
    varying float vHollow;
    void main() {
      vec3 normal = normalize(vNormal);
      float facing = abs(dot(normal, normalize(vView)));
      float lit = clamp(dot(normal, normalize(vec3(-0.35, 0.8, 0.55))), 0.0, 1.0);
      vec3 color = mix(vTint * (1.0 - shade * (1.0 - lit)), paper, flatly);
      float soft = fwidth(facing);
      float core = smoothstep(0.74 - soft, 0.74 + soft, facing);
      color = mix(color, paper, vHollow * core * (1.0 - flatly));
      float rim = 1.0 - facing;
      gl_FragColor = vec4(color, shell > 0.0 ? opacity * (0.35 + 1.3 * rim * rim) : opacity);
    }`;

  const STROKE_VERTEX = `
    attribute vec3 begin, end;
    attribute vec4 tint;
    uniform vec2 size;
    uniform float width;
    varying vec4 vTint;
    varying vec3 vPlace;
    void main() {
      vec4 p = projectionMatrix * modelViewMatrix * vec4(begin, 1.0);
      vec4 q = projectionMatrix * modelViewMatrix * vec4(end, 1.0);
      vec2 along = (q.xy / q.w - p.xy / p.w) * size;
      bool point = dot(along, along) < 1e-12;
      along = point ? vec2(1.0, 0.0) : normalize(along);
      float cap = point ? 1.0 : 0.5;
      vec4 place = position.x < 0.5 ? p : q;
      vec2 shift = vec2(-along.y, along.x) * position.y + along * (position.x * 2.0 - 1.0) * cap;
      place.xy += shift * width / size * place.w;
      vTint = tint;
      vPlace = (modelMatrix * vec4(mix(begin, end, position.x), 1.0)).xyz;
      gl_Position = place;
    }`;

  const STROKE_FRAGMENT = `
    uniform vec3 centre;
    uniform vec2 fade;
    varying vec4 vTint;
    varying vec3 vPlace;
    void main() {
      float far = distance(vPlace.xy, centre.xy);
      float seen = fade.y > 0.0 ? 1.0 - smoothstep(fade.x, fade.y, far) : 1.0;
      gl_FragColor = vec4(vTint.rgb, vTint.a * seen);
    }`;

  function solid(options) {
    const { BackSide, ShaderMaterial } = THREE;
    const values = { grow: 0, shade: 0.2, opacity: 1, shell: 0, flatly: 0, ...options };
    const uniforms = { paper: { value: new THREE.Vector3(1, 1, 1) } };
    for (const name of ["grow", "shade", "opacity", "shell", "flatly"]) {
      uniforms[name] = { value: values[name] };
    }
    return new ShaderMaterial({
      vertexShader: SOLID_VERTEX,
      fragmentShader: SOLID_FRAGMENT,
      uniforms,
      transparent: values.opacity < 1,
      depthWrite: values.depthWrite !== false,
      ...(values.grow ? { side: BackSide } : {}),
    });
  }

  function instanced(geometry, material, count, order) {
    const own = geometry.clone();
    const attribute = (size) => new THREE.InstancedBufferAttribute(new Float32Array(count * size), size);
    own.setAttribute("tint", attribute(3));
    own.setAttribute("hollow", attribute(1));
    const mesh = new THREE.InstancedMesh(own, material, count);
    mesh.instanceMatrix.setUsage(THREE.DynamicDrawUsage);
    mesh.instanceMatrix.array.fill(0);
    mesh.frustumCulled = false;
    mesh.renderOrder = order;
    return mesh;
  }

  // Spheres at joints and cylinders between them, which a pose moves without allocating anything.
  class Body {
    constructor(header, radius, broad, material, order) {
      this.bones = header.bones;
      this.radius = radius;
      this.broad = broad;
      const joints = header.joints.length;
      const rod = new THREE.CylinderGeometry(1, 1, 1, joints > 200 ? 6 : 14, 1, true);
      const [across, up] = joints > 200 ? [10, 8] : [24, 16];
      const ball = new THREE.SphereGeometry(1, across, up);
      this.joints = instanced(ball, material, joints, order);
      this.rods = instanced(rod, material, Math.max(1, this.bones.length), order);
      this.rods.count = this.bones.length;
      this.meshes = [this.joints, this.rods];
    }

    tint(colors, left) {
      this.joints.geometry.attributes.tint.array.set(colors.flat());
      if (left) this.joints.geometry.attributes.hollow.array.set(left);
      this.bones.forEach(([a], i) => this.rods.geometry.attributes.tint.array.set(colors[a], 3 * i));
      for (const mesh of this.meshes) {
        mesh.geometry.attributes.tint.needsUpdate = true;
        mesh.geometry.attributes.hollow.needsUpdate = true;
      }
    }

    move(points) {
      const joints = this.joints.instanceMatrix.array;
      const size = this.radius * this.broad;
      for (let j = 0; j < this.joints.count; j++) {
        place(joints, 16 * j, points, 3 * j, size, size, size);
      }
      const rods = this.rods.instanceMatrix.array;
      for (let b = 0; b < this.bones.length; b++) {
        join(rods, 16 * b, points, 3 * this.bones[b][0], 3 * this.bones[b][1], this.radius);
      }
      this.joints.instanceMatrix.needsUpdate = true;
      this.rods.instanceMatrix.needsUpdate = true;
    }

    set visible(on) {
      for (const mesh of this.meshes) mesh.visible = on;
    }
  }

  // A ball about a point, or nothing where it is absent.
  function place(m, at, points, from, sx, sy, sz) {
    m.fill(0, at, at + 16);
    if (!(points[from] === points[from])) return;
    m[at] = sx;
    m[at + 5] = sy;
    m[at + 10] = sz;
    m[at + 12] = points[from];
    m[at + 13] = points[from + 1];
    m[at + 14] = points[from + 2];
    m[at + 15] = 1;
  }

  // A cylinder of unit height between two points, or nothing where one is absent.
  function join(m, at, points, a, b, radius) {
    m.fill(0, at, at + 16);
    const x = points[b] - points[a];
    const y = points[b + 1] - points[a + 1];
    const z = points[b + 2] - points[a + 2];
    const length = Math.sqrt(x * x + y * y + z * z);
    if (!(length > 0)) return;
    // Any direction across: the axis that is least along the bone gives one.
    const least = Math.abs(x) < Math.abs(y) ? (Math.abs(x) < Math.abs(z) ? 0 : 2) : Math.abs(y) < Math.abs(z) ? 1 : 2;
    let ux = least === 0 ? 0 : least === 1 ? -z : y;
    let uy = least === 0 ? z : least === 1 ? 0 : -x;
    let uz = least === 0 ? -y : least === 1 ? x : 0;
    const across = radius / Math.sqrt(ux * ux + uy * uy + uz * uz);
    ux *= across;
    uy *= across;
    uz *= across;
    m[at] = ux;
    m[at + 1] = uy;
    m[at + 2] = uz;
    m[at + 4] = x;
    m[at + 5] = y;
    m[at + 6] = z;
    m[at + 8] = (uy * z - uz * y) / length;
    m[at + 9] = (uz * x - ux * z) / length;
    m[at + 10] = (ux * y - uy * x) / length;
    m[at + 12] = (points[a] + points[b]) / 2;
    m[at + 13] = (points[a + 1] + points[b + 1]) / 2;
    m[at + 14] = (points[a + 2] + points[b + 2]) / 2;
    m[at + 15] = 1;
  }

  // Straight lines of some width in pixels.
  class Strokes {
    constructor(count, width, order, below) {
      const geometry = new THREE.InstancedBufferGeometry();
      const corners = new Float32Array([0, -1, 0, 1, -1, 0, 1, 1, 0, 0, 1, 0]);
      geometry.setAttribute("position", new THREE.BufferAttribute(corners, 3));
      geometry.setIndex([0, 1, 2, 0, 2, 3]);
      const attribute = (size) => {
        const made = new THREE.InstancedBufferAttribute(new Float32Array(count * size), size);
        return made.setUsage(THREE.DynamicDrawUsage);
      };
      for (const [name, size] of [["begin", 3], ["end", 3], ["tint", 4]]) {
        geometry.setAttribute(name, attribute(size));
      }
      geometry.instanceCount = 0;
      this.count = 0;
      this.most = count;
      this.uniforms = {
        size: { value: new THREE.Vector2(1, 1) },
        width: { value: width },
        centre: { value: new THREE.Vector3() },
        fade: { value: new THREE.Vector2() },
      };
      this.mesh = new THREE.Mesh(
        geometry,
        new THREE.ShaderMaterial({
          vertexShader: STROKE_VERTEX,
          fragmentShader: STROKE_FRAGMENT,
          uniforms: this.uniforms,
          // What lies on the ground is drawn before the truth and the pose, which are opaque.
          ...(below ? { blending: THREE.CustomBlending } : { transparent: true }),
          depthWrite: false,
          side: THREE.DoubleSide,
        })
      );
      this.width = width;
      this.mesh.frustumCulled = false;
      this.mesh.renderOrder = order;
    }

    clear() {
      this.count = 0;
    }

    add(p, a, q, b, color, alpha) {
      if (!(p[a] === p[a]) || !(q[b] === q[b]) || this.count === this.most) return;
      const { begin, end, tint } = this.mesh.geometry.attributes;
      const i = this.count++;
      for (let d = 0; d < 3; d++) {
        begin.array[3 * i + d] = p[a + d];
        end.array[3 * i + d] = q[b + d];
        tint.array[4 * i + d] = color[d];
      }
      tint.array[4 * i + 3] = alpha;
    }

    done() {
      const { begin, end, tint } = this.mesh.geometry.attributes;
      this.mesh.geometry.instanceCount = this.count;
      begin.needsUpdate = end.needsUpdate = tint.needsUpdate = true;
    }
  }

  Object.assign(inner, { Body, Strokes, solid, instanced, place });
})();
