import { mergeConfig } from 'vite'
import { defineConfig } from 'vitest/config'
import site from './vite.config.ts'

// The zone of the machine must not matter: the portal counts in Shanghai's.
export default mergeConfig(
  site,
  defineConfig({ test: { environment: 'happy-dom', include: ['src/**/*.spec.ts'], env: { TZ: 'America/New_York' } } }),
)
