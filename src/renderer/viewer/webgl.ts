import type { DecodedImage } from './pixels';
import { imagePoint } from './geometry';
import { LENS_FACTOR, LENS_RADIUS, type Painter } from './painter';

const vertex = `#version 300 es
void main() {
  // One triangle that covers the canvas.
  gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0);
}`;

// Samples stay integers up to the window, so that 16 bits are not rounded. Integer textures have no filters: enlarged,
// four neighbours are mixed here; reduced, the pixel's whole footprint is averaged (without it ribs would shimmer).
const fragment = `#version 300 es
precision highp float;
precision highp usampler2D;
precision highp sampler2D;
uniform usampler2D image;
uniform vec2 size;      // of the image, in pixels
uniform vec2 origin;    // image position of the canvas's top left corner
uniform vec2 across;    // image pixels for one pixel of the canvas to the right
uniform vec2 down;      // and downwards
uniform vec3 lens;      // middle and radius of the magnifier, in pixels of the canvas; radius 0: none
uniform float factor;   // of the magnifier
uniform float height;   // of the canvas
uniform vec2 window_;   // center, width
uniform sampler2D table; // brightness of each sample value, 256 to a row
uniform bool tabled;
uniform bool inverted;
uniform bool grey;
out vec4 colour;

vec3 texel(ivec2 at) {
  uvec3 raw = texelFetch(image, clamp(at, ivec2(0), ivec2(size) - 1), 0).rgb;
  return vec3(grey ? raw.rrr : raw);
}
vec3 between(vec2 at) {
  vec2 base = floor(at - 0.5);
  vec2 part = at - 0.5 - base;
  ivec2 i = ivec2(base);
  return mix(mix(texel(i), texel(i + ivec2(1, 0)), part.x), mix(texel(i + ivec2(0, 1)), texel(i + ivec2(1, 1)), part.x), part.y);
}
float looked(float value) {
  int v = int(value + 0.5);
  return texelFetch(table, ivec2(v & 255, v >> 8), 0).r;
}
void main() {
  vec2 p = vec2(gl_FragCoord.x, height - gl_FragCoord.y);
  float step_ = length(across);
  float away = distance(p, lens.xy);
  if (away < lens.z) {
    if (away > lens.z - 2.0) { colour = vec4(0.45, 0.47, 0.5, 1.0); return; }
    p = lens.xy + (p - lens.xy) / factor;
    step_ /= factor;
  }
  vec2 at = origin + p.x * across + p.y * down;
  if (any(lessThan(at, vec2(0.0))) || any(greaterThanEqual(at, size))) { colour = vec4(0.0); return; }
  vec3 value = vec3(0.0);
  if (step_ <= 0.25) value = texel(ivec2(at));
  else if (step_ <= 1.0) value = between(at);
  else {
    int n = clamp(int(ceil(step_)), 2, 6);
    for (int j = 0; j < n; j++) for (int i = 0; i < n; i++)
      value += texel(ivec2(floor(at + ((vec2(float(i), float(j)) + 0.5) / float(n) - 0.5) * step_)));
    value /= float(n * n);
  }
  // DICOM PS3.3 C.11.2.1.2
  vec3 y = tabled ? vec3(looked(value.r), looked(value.g), looked(value.b))
    : window_.y <= 1.0 ? step(vec3(window_.x - 0.5), value) : clamp((value - (window_.x - 0.5)) / (window_.y - 1.0) + 0.5, 0.0, 1.0);
  colour = vec4(inverted ? 1.0 - y : y, 1.0);
}`;

/** Null where WebGL2 is missing or the shaders do not compile. */
export function webglPainter(canvas: HTMLCanvasElement): Painter | null {
  const gl = canvas.getContext('webgl2', { antialias: false, alpha: true, premultipliedAlpha: false, powerPreference: 'low-power' });
  if (!gl) return null;
  const program = build(gl);
  if (!program) return null;
  gl.useProgram(program);
  gl.bindVertexArray(gl.createVertexArray());
  const [whole, half] = [pixelTexture(gl), pixelTexture(gl)];
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  const place = (name: string) => gl.getUniformLocation(program, name);
  // A second unit, always bound: a sampler without a texture would spoil the drawing even where it is not read.
  const tables = gl.createTexture();
  uploadTable(gl, tables, new Uint8Array(256));
  gl.uniform1i(place('table'), 1);
  let image: DecodedImage | null = null;
  let tabled: Uint8Array | null = null;

  const largest: unknown = gl.getParameter(gl.MAX_TEXTURE_SIZE);
  return {
    largest: typeof largest === 'number' ? largest : 0,
    setImage(next) {
      image = next;
      upload(gl, whole, next);
      if (next.half) upload(gl, half, { ...next, width: next.width >> 1, height: next.height >> 1, samples: next.half });
    },
    paint({ placement, turn, window, inverted, pixelRatio, lens }) {
      gl.viewport(0, 0, canvas.width, canvas.height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      if (!image) return;
      const step = 1 / (placement.scale * pixelRatio);
      const [width, middle] = [canvas.width / pixelRatio / 2, canvas.height / pixelRatio / 2];
      const origin = imagePoint(placement, turn, image, -width, -middle);
      // The magnifier shows every pixel of the image.
      const coarse = image.half !== null && step >= 2 && !lens;
      const k = coarse ? 0.5 : 1;
      gl.activeTexture(gl.TEXTURE0);
      gl.bindTexture(gl.TEXTURE_2D, coarse ? half : whole);
      gl.uniform2f(place('size'), Math.floor(image.width * k), Math.floor(image.height * k));
      gl.uniform2f(place('origin'), origin.x * k, origin.y * k);
      gl.uniform2f(place('across'), turn[0] * step * k, turn[1] * step * k);
      gl.uniform2f(place('down'), turn[2] * step * k, turn[3] * step * k);
      const [x, y] = lens ? [(lens.x + width) * pixelRatio, (lens.y + middle) * pixelRatio] : [0, 0];
      gl.uniform3f(place('lens'), x, y, lens ? LENS_RADIUS * pixelRatio : 0);
      gl.uniform1f(place('factor'), LENS_FACTOR);
      gl.uniform1f(place('height'), canvas.height);
      gl.uniform2f(place('window_'), window.center, window.width);
      if (window.table && window.table !== tabled) uploadTable(gl, tables, window.table);
      tabled = window.table ?? tabled;
      gl.uniform1i(place('tabled'), window.table ? 1 : 0);
      gl.uniform1i(place('inverted'), inverted ? 1 : 0);
      gl.uniform1i(place('grey'), image.channels === 1 ? 1 : 0);
      gl.drawArrays(gl.TRIANGLES, 0, 3);
    },
    dispose() {
      gl.deleteTexture(whole);
      gl.deleteTexture(half);
      gl.deleteTexture(tables);
      gl.deleteProgram(program);
      // Contexts are few: that of a canvas that is gone is free at once, not when the garbage is collected.
      if (!canvas.isConnected) gl.getExtension('WEBGL_lose_context')?.loseContext();
    },
  };
}

function pixelTexture(gl: WebGL2RenderingContext): WebGLTexture {
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  for (const parameter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, parameter, gl.NEAREST);
  return texture;
}

function upload(gl: WebGL2RenderingContext, texture: WebGLTexture, { width, height, channels, samples }: DecodedImage): void {
  gl.activeTexture(gl.TEXTURE0);
  gl.bindTexture(gl.TEXTURE_2D, texture);
  const wide = samples instanceof Uint16Array;
  const internal = channels === 1 ? (wide ? gl.R16UI : gl.R8UI) : wide ? gl.RGB16UI : gl.RGB8UI;
  const format = channels === 1 ? gl.RED_INTEGER : gl.RGB_INTEGER;
  gl.texImage2D(gl.TEXTURE_2D, 0, internal, width, height, 0, format, wide ? gl.UNSIGNED_SHORT : gl.UNSIGNED_BYTE, samples);
}

function uploadTable(gl: WebGL2RenderingContext, texture: WebGLTexture, table: Uint8Array): void {
  gl.activeTexture(gl.TEXTURE1);
  gl.bindTexture(gl.TEXTURE_2D, texture);
  for (const parameter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, parameter, gl.NEAREST);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, 256, table.length / 256, 0, gl.RED, gl.UNSIGNED_BYTE, table);
}

function build(gl: WebGL2RenderingContext): WebGLProgram | null {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, vertex],
    [gl.FRAGMENT_SHADER, fragment],
  ] as const) {
    const shader = gl.createShader(type);
    if (!shader) return null;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  return gl.getProgramParameter(program, gl.LINK_STATUS) === true ? program : null;
}
