/**
 * Counts the `RTCPeerConnection`s of this page: built, and not yet closed.
 *
 * The media library leaves one open whenever a connect is refused or aborted, and a browser allows only
 * some hundreds. So when a session settles, what it left is closed here.
 */
export interface LedgerCounts {
  readonly built: number;
  readonly live: number;
  readonly swept: number;
}

export interface Ledger {
  counts(): LedgerCounts;
  /** Close what is still open; returns how many. Call it only when no connection is wanted. */
  sweep(): number;
  /** Those that are open. */
  open(): readonly RTCPeerConnection[];
  /** The newest connection that is open. */
  newest(): RTCPeerConnection | null;
  /** Be told of every connection just before it closes. */
  onClosing(listener: (connection: RTCPeerConnection) => void): void;
}

type PeerConnectionClass = typeof RTCPeerConnection;
interface Host {
  RTCPeerConnection?: PeerConnectionClass;
}

const ledgers = new WeakMap<object, Ledger>();

/** Put the counting subclass in the place of `host.RTCPeerConnection`, once; later calls give the same ledger. */
export function installLedger(host: Host = globalThis): Ledger {
  const known = ledgers.get(host);
  if (known !== undefined) return known;
  const ledger = new PeerConnectionLedger();
  if (host.RTCPeerConnection !== undefined) host.RTCPeerConnection = counting(host.RTCPeerConnection, ledger);
  ledgers.set(host, ledger);
  return ledger;
}

class PeerConnectionLedger implements Ledger {
  /** Weak: counting a connection must not keep it alive. */
  #open = new Set<WeakRef<RTCPeerConnection>>();
  /** React Native's say that they are closed only a while after. */
  readonly #closed = new WeakSet<RTCPeerConnection>();
  #built = 0;
  #swept = 0;
  #newest: WeakRef<RTCPeerConnection> | null = null;
  readonly #listeners: ((connection: RTCPeerConnection) => void)[] = [];

  add(connection: RTCPeerConnection): void {
    this.#built += 1;
    this.#newest = new WeakRef(connection);
    this.#open.add(this.#newest);
  }

  newest(): RTCPeerConnection | null {
    const connection = this.#newest?.deref();
    return connection === undefined || this.#isClosed(connection) ? null : connection;
  }

  onClosing(listener: (connection: RTCPeerConnection) => void): void {
    this.#listeners.push(listener);
  }

  closing(connection: RTCPeerConnection): void {
    for (const listener of this.#listeners) listener(connection);
    this.#closed.add(connection);
  }

  counts(): LedgerCounts {
    this.#forgetClosed();
    return { built: this.#built, live: this.#open.size, swept: this.#swept };
  }

  open(): readonly RTCPeerConnection[] {
    this.#forgetClosed();
    return [...this.#open].map((ref) => ref.deref()).filter((connection) => connection !== undefined);
  }

  sweep(): number {
    const left = this.open();
    for (const connection of left) connection.close();
    this.#open.clear();
    this.#swept += left.length;
    return left.length;
  }

  #isClosed(connection: RTCPeerConnection): boolean {
    return connection.signalingState === "closed" || this.#closed.has(connection);
  }

  #forgetClosed(): void {
    const isOpen = (connection: RTCPeerConnection | undefined): boolean => connection !== undefined && !this.#isClosed(connection);
    this.#open = new Set([...this.#open].filter((ref) => isOpen(ref.deref())));
  }
}

function counting(Base: PeerConnectionClass, ledger: PeerConnectionLedger): PeerConnectionClass {
  return class extends Base {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      ledger.add(this);
    }

    override close(): void {
      ledger.closing(this);
      super.close();
    }
  };
}
