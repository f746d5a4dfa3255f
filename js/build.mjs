/**
 * Builds the client into ../jibe_like/static: bundled, minified, named by content, compressed beforehand.
 *
 *     node build.mjs            writes the files and removes stale ones
 *     node build.mjs --check    writes nothing; fails where the files there are not what would be written
 */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, brotliDecompressSync, constants, gunzipSync, gzipSync } from "node:zlib";
import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const STATIC = join(HERE, "..", "jibe_like", "static");
const MOST_BYTES = 10_000; // of what every page loads, as brotli
const OWN = /^(?:(?:client|extras|style)-[0-9a-f]+\.(?:js|css)(?:\.br|\.gz)?|manifest\.json)$/;

const ENTRIES = [
  { name: "client", extension: "js", entry: "src/main.ts", options: { format: "esm", target: "es2022" } },
  // Loaded when first needed, and so not counted.
  {
    name: "extras",
    extension: "js",
    entry: "src/extras/main.ts",
    options: { format: "esm", target: "es2022" },
    isExtra: true,
  },
  {
    name: "style",
    extension: "css",
    entry: "styles/index.css",
    options: { target: ["chrome123", "firefox121", "safari17.5"] },
  },
];

function brotli(content) {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
  };
  return brotliCompressSync(content, { params });
}

function gzip(content) {
  const packed = gzipSync(content, { level: 9 });
  packed[9] = 255; // the operating system that it was made on
  return packed;
}

async function bundle({ name, extension, entry, options, isExtra = false }) {
  const { outputFiles } = await build({
    ...options,
    absWorkingDir: HERE,
    entryPoints: [entry],
    bundle: true,
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
    minify: true,
    write: false,
  });
  const content = Buffer.from(outputFiles[0].contents);
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 10);
  return { key: `${name}.${extension}`, file: `${name}-${hash}.${extension}`, content, isExtra };
}

/** All files of the client, by name. */
async function outputs() {
  const bundles = await Promise.all(ENTRIES.map(bundle));
  const files = new Map();
  let total = 0;
  for (const { key, file, content, isExtra } of bundles) {
    const packed = brotli(content);
    files.set(file, content).set(`${file}.br`, packed).set(`${file}.gz`, gzip(content));
    total += isExtra ? 0 : packed.length;
    console.log(`${key.padEnd(10)} ${String(content.length).padStart(6)} bytes, ${packed.length} as brotli`);
  }
  if (total > MOST_BYTES) {
    throw new Error(`the client has ${total} bytes as brotli, at most ${MOST_BYTES} are allowed`);
  }
  const manifest = Object.fromEntries(bundles.map(({ key, file }) => [key, file]));
  return files.set("manifest.json", Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
}

async function present() {
  const all = await readdir(STATIC).catch(() => []);
  return all.filter((file) => OWN.test(file));
}

async function write(files) {
  await mkdir(STATIC, { recursive: true });
  for (const file of await present()) {
    if (!files.has(file)) {
      await rm(join(STATIC, file));
    }
  }
  for (const [file, content] of files) {
    await writeFile(join(STATIC, file), content);
  }
}

/** Compressors differ from version to version: of a compressed file its content counts. */
function unpacked(file, content) {
  if (file.endsWith(".br")) {
    return brotliDecompressSync(content);
  }
  return file.endsWith(".gz") ? gunzipSync(content) : content;
}

async function check(files) {
  const there = await present();
  const wrong = there.filter((file) => !files.has(file)).map((file) => `${file}: stale`);
  for (const [file, content] of files) {
    if (!there.includes(file)) {
      wrong.push(`${file}: missing`);
    } else {
      const found = await readFile(join(STATIC, file));
      let same = false;
      try {
        same = unpacked(file, found).equals(unpacked(file, content));
      } catch {
        // Not even compressed: differs.
      }
      if (!same) {
        wrong.push(`${file}: differs`);
      }
    }
  }
  if (wrong.length > 0) {
    throw new Error(`jibe_like/static is not what js/ builds (npm run build):\n  ${wrong.join("\n  ")}`);
  }
}

try {
  await (process.argv.includes("--check") ? check : write)(await outputs());
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
