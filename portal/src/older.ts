/** What Chromium 86 to 92 lack at run time and our libraries call.  New syntax is lowered by the build. */

function at<Item>(this: ArrayLike<Item>, index: number): Item | undefined {
  const place = Math.trunc(index) || 0
  return this[place < 0 ? this.length + place : place]
}

function add(owner: object, name: string, value: unknown): void {
  if (!(name in owner)) Object.defineProperty(owner, name, { value, writable: true, configurable: true })
}

export function addWhatIsMissing(): void {
  add(Array.prototype, 'at', at)
  add(String.prototype, 'at', at)
  add(Object, 'hasOwn', (owner: object, key: PropertyKey) => Object.prototype.hasOwnProperty.call(owner, key))
}

addWhatIsMissing()
