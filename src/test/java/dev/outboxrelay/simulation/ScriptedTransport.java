// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import dev.outboxrelay.sink.Sink;
import dev.outboxrelay.sink.SinkListener;
import dev.outboxrelay.sink.SinkListener.Fault;
import dev.outboxrelay.sink.Transport;
import dev.outboxrelay.values.Destination;

/** {@link Transport} of one process, to receivers that do as their script says. */
final class ScriptedTransport implements Transport {
  private final World world;
  private final RelayProcess process;

  ScriptedTransport(World world, RelayProcess process) {
    this.world = world;
    this.process = process;
  }

  @Override
  public Sink connect(Destination destination, SinkListener listener) {
    Receiver receiver = world.receiver(destination.name());
    ScriptedConnection connection =
        new ScriptedConnection(world, process, receiver, destination, listener);
    Timeline timeline = world.timeline();
    long way = world.weather().latency();
    if (receiver.isHanging()) {
      timeline.in(
          destination.connectTimeout().toNanos(),
          process.host(),
          () -> connection.endedHere("timed out", Fault.UNREACHABLE));
    } else if (receiver.isRefusing()) {
      timeline.in(way, process.host(), () -> connection.endedHere("refused", Fault.UNREACHABLE));
    } else {
      timeline.in(way, process.host(), connection::stands);
    }
    return connection;
  }

  @Override
  public void close() {}
}
