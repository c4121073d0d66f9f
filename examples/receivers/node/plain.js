// SPDX-License-Identifier: Apache-2.0
// A server that never answers: for a destination with ack 'close' or 'none'.
//   node plain.js 4000
const net = require('net');

const server = net.createServer((socket) => {
  socket.on('data', (data) => process.stdout.write(data));
  socket.on('error', (error) => console.error(error.message));
});
server.listen(Number(process.argv[2] || 4000));
