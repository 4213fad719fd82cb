import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig, type Plugin } from 'vite'

const platform = process.env['GONGDAN_PLATFORM'] ?? 'http://127.0.0.1:8012'

/** Reka asks whether there is a `useId` in all of Vue, and what is asked for as a whole is built as a whole: with the parts
that nothing here uses (hydration, custom elements, transitions of lists), 13 kB of script more for each first load. */
function onlyWhatIsUsedOfVue(): Plugin {
  return {
    name: 'only-what-is-used-of-vue',
    apply: 'build',
    transform: {
      filter: { id: /reka-ui\/dist\/shared\/useId\.js$/ },
      handler(code) {
        const mended = code
          .replace('import * as vue from "vue"', 'import { useId as idOfVue } from "vue"')
          .replace('"useId" in vue', 'true')
          .replace('vue.useId?.()', 'idOfVue()')
        if (/\bvue\.|\bin vue\b|import \* as/.test(mended)) this.error('Reka has changed its useId: see whether the build still leaves out what is unused')
        return { code: mended, map: null }
      },
    },
  }
}

export default defineConfig({
  plugins: [vue(), onlyWhatIsUsedOfVue()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  define: { __VUE_OPTIONS_API__: 'false', __VUE_PROD_DEVTOOLS__: 'false' },
  build: {
    // Browsers of government offices are Chromium 86 and newer.  This lowers the syntax; what is missing at run time is in
    // src/older.ts.
    target: 'chrome86',
    cssTarget: 'chrome86',
    modulePreload: { polyfill: false },
    // The Content-Security-Policy allows no data: address.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            // What most pages have, with what it is made of (Vue among it); then what every page needs beside it, and what most
            // pages of work share.  Each file more is a request more, and a browser has six at a time.
            { name: 'common', minShareCount: 8, test: /[\\/]src[\\/]/ },
            { name: 'base', test: /node_modules[\\/](@tanstack[\\/]query|openapi-fetch)|src[\\/](api|keyboard|labels|session[\\/](session|look)|kit[\\/](Ui(Button|Field|Text|Menu|Dialog)|StateNote|moment|toasts|loading))/, minShareCount: 3 },
            { name: 'work', test: /src[\\/](order|drafts|directory)[\\/]|src[\\/]kit[\\/](RowList|SplitPage|UrgentMark|DueMark|RefusalNote|narrow|clocks|window)/, minShareCount: 3 },
          ],
        },
      },
    },
  },
  server: { port: 5173, proxy: Object.fromEntries(['/api', '/readyz', '/sample/'].map((path) => [path, { target: platform, changeOrigin: false }])) },
})
