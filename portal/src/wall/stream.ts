/** A stream of the platform, opened by the session's cookie and opened again whenever it ends. */
import { onBeforeUnmount, onMounted, shallowRef, type Ref } from 'vue'
import { dispatch } from '@/api/client'
import { addressOf, next, START, waitOf, type Connection, type Happened } from '@/wall/connection'

export function useStream(path: string, events: readonly string[], tell: (event: string, data: string) => void): Readonly<Ref<Connection>> {
  const connection = shallowRef<Connection>(START)
  let source: EventSource | null = null
  let waiting: ReturnType<typeof setTimeout> | undefined
  let gone = false

  function happens(happened: Happened): void {
    connection.value = next(connection.value, happened)
  }

  function openAgain(): void {
    source?.close()
    source = null
    if (gone) return
    waiting = setTimeout(() => {
      // Asked through the client, which renews an ended token and notices an ended session; a stream can do neither.
      void dispatch
        .GET('/v1/me')
        .catch(() => undefined)
        .then(() => {
          if (!gone) open()
        })
    }, waitOf(connection.value))
  }

  function open(): void {
    const opened = new EventSource(addressOf(path, connection.value))
    source = opened
    opened.onopen = () => {
      happens({ what: 'opened' })
    }
    opened.onerror = () => {
      happens({ what: 'failed' })
      openAgain()
    }
    for (const event of events) {
      opened.addEventListener(event, (message: MessageEvent<string>) => {
        happens({ what: 'heard', id: message.lastEventId })
        tell(event, message.data)
      })
    }
    opened.addEventListener('stream.reset', (message: MessageEvent<string>) => {
      happens({ what: 'heard', id: message.lastEventId })
    })
    opened.addEventListener('stream.ended', (message: MessageEvent<string>) => {
      happens({ what: 'ended', id: message.lastEventId })
      openAgain()
    })
  }

  onMounted(open)
  onBeforeUnmount(() => {
    gone = true
    clearTimeout(waiting)
    source?.close()
  })
  return connection
}
