// Bundles the explorer into the program's source: three files, the scripts under names that change with their content,
// and the licences of what is in them.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const out = process.argv[2];
const systemFonts = { // the page uses the reader's own fonts
  name: 'system-fonts',
  setup({ onLoad }) {
    onLoad({ filter: /graphiql[\\/]dist[\\/]style\.css$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace(/@font-face\s*\{[^}]*\}/g, ''), loader: 'css',
    }));
  },
};
const made = await build({
  entryPoints: ['src/main.jsx'], bundle: true, minify: true, format: 'esm', target: 'es2022', jsx: 'automatic', charset: 'utf8',
  legalComments: 'none', define: { 'process.env.NODE_ENV': '"production"' }, plugins: [systemFonts], outdir: 'out', write: false, metafile: true,
});

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const names = {};
for (const { path, contents } of made.outputFiles) {
  const kind = path.split('.').pop();
  names[kind] = `explorer-${createHash('sha256').update(contents).digest('hex').slice(0, 16)}.${kind}`;
  writeFileSync(`${out}/${names[kind]}`, contents);
}
writeFileSync(`${out}/index.html`, `<!doctype html>
<html lang="en" data-price="{{.Price}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Cobuild · 共建 · Explorer</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/explorer/${names.css}">
<script type="module" src="/explorer/${names.js}"></script>
</head>
<body><div id="explorer"></div></body>
</html>
`);

const packages = new Set(Object.keys(made.metafile.inputs).map((f) => f.match(/.*node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[0]).filter(Boolean));
const licences = [...packages].map((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  const file = readdirSync(folder).find((f) => /^licen[cs]e/i.test(f));
  const text = file ? readFileSync(`${folder}/${file}`, 'utf8').replaceAll('\r\n', '\n').trim() : 'The package names its licence and holds no text of it.';
  return `${name} ${version} (${license})\n\n${text}\n`;
});
writeFileSync(`${out}/LICENCES.txt`, `What the explorer's files hold of others, with their licences.\n\n${licences.sort().join('\n----\n\n')}`);
