// Recordings of the microphone, kept piece by piece as they are made: a closed tab loses nothing.

const pieceKeys = (id) => IDBKeyRange.bound([id, 0], [id, Infinity]);
let opened = null;

function database() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("recordings", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("takes", { keyPath: "id" });
      request.result.createObjectStore("pieces");
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

async function inOne(mode, work) {
  const transaction = (await database()).transaction(["takes", "pieces"], mode);
  const request = work(transaction.objectStore("takes"), transaction.objectStore("pieces"));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}

/** take: `{id, begun, type, seconds, count}`, with `count` pieces after this one. */
export function keepPiece(take, piece) {
  return inOne("readwrite", (takes, pieces) => {
    takes.put(take);
    pieces.put(piece, [take.id, take.count]);
  });
}

export function dropTake(id) {
  return inOne("readwrite", (takes, pieces) => {
    takes.delete(id);
    pieces.delete(pieceKeys(id));
  });
}

export function keptTakes() {
  return inOne("readonly", (takes) => takes.getAll());
}

export function piecesOf(id) {
  return inOne("readonly", (_, pieces) => pieces.getAll(pieceKeys(id)));
}

/** Nobody else offers it while `work` goes on. Resolves to false where another tab has it. */
export function holdTake(id, work) {
  if (!navigator.locks) return work();
  return navigator.locks.request(`take:${id}`, { ifAvailable: true }, (lock) => (lock ? work() : false));
}
