// Unpacks the browser that the package brings compressed, and the libraries that a bare machine lacks.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { brotliDecompressSync } from 'node:zlib'

const packed = (name) => brotliDecompressSync(readFileSync(new URL(`node_modules/@sparticuz/chromium/bin/${name}.br`, import.meta.url)))
writeFileSync('libraries.tar', packed('al2023.tar'))
writeFileSync('chromium', packed('chromium'))
chmodSync('chromium', 0o755)
