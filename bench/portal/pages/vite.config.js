import { fileURLToPath } from 'node:url'
import site from '../../../portal/vite.config.ts'

const portal = fileURLToPath(new URL('../../../portal/', import.meta.url))
const here = fileURLToPath(new URL('.', import.meta.url))

/** As the portal is built, with one Vue for what is ours and for what is not. */
export default {
  ...site,
  root: here,
  resolve: { alias: { 'element-plus': `${process.env.BENCH_PACKAGES}/element-plus`, '@': `${portal}src`, vue: `${portal}node_modules/vue` } },
  build: { ...site.build, rolldownOptions: { input: { ours: `${here}ours.html`, table: `${here}table.html`, windowed: `${here}windowed.html` } } },
}
