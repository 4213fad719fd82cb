import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

const platform = process.env['GONGDAN_PLATFORM'] ?? 'http://127.0.0.1:8012'

export default defineConfig({
  plugins: [vue()],
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
            { name: 'vue', test: /node_modules[\\/](@vue|vue|vue-router)[\\/]/ },
            { name: 'ui', test: /node_modules[\\/](reka-ui|@floating-ui|@vueuse|aria-hidden|@internationalized)[\\/]/ },
          ],
        },
      },
    },
  },
  server: { port: 5173, proxy: Object.fromEntries(['/api', '/readyz', '/sample/'].map((path) => [path, { target: platform, changeOrigin: false }])) },
})
