// Which uploads other tabs of this browser are busy with.

const ANSWER_MS = 300;
const channel = new BroadcastChannel("uploads");

/** addresses: gives those that this tab is busy with, when another tab asks. */
export function tellElsewhere(addresses) {
  channel.addEventListener("message", ({ data }) => {
    if (data.asks) channel.postMessage({ busy: addresses() });
  });
}

export async function underWayElsewhere() {
  const found = new Set();
  const hear = ({ data }) => data.busy?.forEach((address) => found.add(address));
  channel.addEventListener("message", hear);
  channel.postMessage({ asks: true });
  await new Promise((resolve) => setTimeout(resolve, ANSWER_MS));
  channel.removeEventListener("message", hear);
  return found;
}
