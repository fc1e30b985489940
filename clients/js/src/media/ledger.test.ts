import { expect, it } from "vitest";
import { installLedger } from "./ledger.js";

class FakeConnection {
  signalingState = "stable";
  close(): void {
    this.signalingState = "closed";
  }
}

it("knows what was closed before it says so itself, as in React Native", () => {
  class Late extends FakeConnection {
    override close(): void {
      setTimeout(() => super.close());
    }
  }
  const host = { RTCPeerConnection: Late as unknown as typeof RTCPeerConnection };
  const ledger = installLedger(host);
  new host.RTCPeerConnection().close();
  expect([ledger.counts(), ledger.newest(), ledger.sweep()]).toEqual([{ built: 1, live: 0, swept: 0 }, null, 0]);
});

it("counts what is built and left open, and closes the rest", () => {
  const host = { RTCPeerConnection: FakeConnection as unknown as typeof RTCPeerConnection };
  const ledger = installLedger(host);
  expect(installLedger(host)).toBe(ledger);
  const [first, second] = [new host.RTCPeerConnection(), new host.RTCPeerConnection()];
  expect(ledger.counts()).toEqual({ built: 2, live: 2, swept: 0 });
  first.close();
  expect(ledger.counts()).toEqual({ built: 2, live: 1, swept: 0 });
  expect(ledger.sweep()).toBe(1);
  expect(second.signalingState).toBe("closed");
  expect(ledger.sweep()).toBe(0);
  expect(ledger.counts()).toEqual({ built: 2, live: 0, swept: 1 });
});
