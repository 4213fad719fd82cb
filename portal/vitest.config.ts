import { mergeConfig } from 'vite'
import { defineConfig } from 'vitest/config'
import site from './vite.config.ts'

// The zone of the machine must not matter: the portal counts in Shanghai's.
export default mergeConfig(
  site,
  // A page of its own for each file, but not a thread: making one takes longer than most of the tests.
  defineConfig({ test: { environment: 'happy-dom', pool: 'vmThreads', include: ['src/**/*.spec.ts'], env: { TZ: 'America/New_York' } } }),
)
