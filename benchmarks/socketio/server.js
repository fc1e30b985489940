// What many chat apps run today, doing the gateway benchmark's job: node server.js HOST PORT KEY_FILE, until killed.
//
// It checks a token (HS256, as Duologue's) when somebody connects, puts two people into a room of their own, and
// relays `typing` from one to the other. WebSocket only and no compression: its fastest set-up without native add-ons.

import { createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { Server } from "socket.io";

const [host, port, keyFile] = process.argv.slice(2);
const key = readFileSync(keyFile);

/** Whether the token is signed with our key and has not expired. */
function isGood(token) {
  const [header, payload, signature] = String(token).split(".");
  const expected = createHmac("sha256", key).update(`${header}.${payload}`).digest();
  const given = Buffer.from(signature ?? "", "base64url");
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return false;
  return JSON.parse(Buffer.from(payload, "base64url").toString()).exp * 1000 > Date.now();
}

const http = createServer();
const io = new Server(http, { transports: ["websocket"], perMessageDeflate: false, httpCompression: false, serveClient: false });

io.use((socket, next) => (isGood(socket.handshake.auth.token) ? next() : next(new Error("invalid token"))));

io.on("connection", (socket) => {
  socket.on("join", (room) => {
    socket.data.room = room;
    socket.join(room);
    socket.emit("joined");
  });
  socket.on("typing", (message) => socket.to(socket.data.room).emit("typing", message));
});

http.listen({ host, port: Number(port), backlog: 1024 });
