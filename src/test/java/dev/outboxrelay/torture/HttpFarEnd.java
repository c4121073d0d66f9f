// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import dev.outboxrelay.sink.http.WebServer;
import dev.outboxrelay.testing.FaultProxy;
import dev.outboxrelay.testing.Ports;
import java.net.InetAddress;
import java.net.ServerSocket;

/** A web server of one's own. It keeps a message before it answers, and is no process. */
final class HttpFarEnd implements FarEnd {
  private final int port = Ports.free();
  private final FaultProxy network = FaultProxy.to(port);
  private final Taker taker;
  private WebServer server;

  HttpFarEnd(Taker taker) throws Exception {
    this.taker = taker;
    start();
  }

  private byte[] answer(WebServer.Request request) {
    String path = request.line().split(" ")[1];
    taker.take(path.substring(1), request.text(), System.nanoTime());
    return WebServer.status(204);
  }

  @Override
  public void prepare(String destination) {
    // Each path is there.
  }

  @Override
  public String uri(String destination) {
    return "http://127.0.0.1:" + network.port() + "/" + destination;
  }

  @Override
  public FaultProxy network() {
    return network;
  }

  @Override
  public void kill() throws Exception {
    server.close();
  }

  @Override
  public void start() throws Exception {
    ServerSocket socket = new ServerSocket(port, 200, InetAddress.getLoopbackAddress());
    server = WebServer.forgetful(socket, this::answer);
  }

  @Override
  public void freeze() {
    network.stall();
  }

  @Override
  public void proceed() {
    network.resume();
  }

  @Override
  public void read(String destination, Taker taker) {
    // It has told of each message when it came.
  }

  @Override
  public String description() {
    return "HTTP, answered when the message is kept";
  }

  @Override
  public void close() throws Exception {
    network.close();
    server.close();
  }
}
