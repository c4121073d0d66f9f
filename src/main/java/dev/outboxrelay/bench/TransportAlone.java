// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.Secrets;
import dev.outboxrelay.sink.Sink;
import dev.outboxrelay.sink.SinkListener;
import dev.outboxrelay.sink.Transport;
import dev.outboxrelay.sink.all.Transports;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Brakes;
import dev.outboxrelay.values.Destination.Format;
import dev.outboxrelay.values.Destination.Framing;
import dev.outboxrelay.values.Destination.OnFailure;
import dev.outboxrelay.values.Destination.Ordering;
import dev.outboxrelay.values.Message;
import dev.outboxrelay.values.WireId;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** A transport without an engine and without a database: messages go from memory to the peer. */
final class TransportAlone {
  private static final int UNANSWERED = 1000;
  private static final int AT_ONCE = 100;
  private static final int LIMIT_SECONDS = 60;

  /** Beyond the rows' ids, since a receiver takes none twice. */
  private static final AtomicLong IDS = new AtomicLong(1_000_000_000);

  private final Destination destination;

  TransportAlone(String name, OfferedTransport offered) {
    destination =
        new Destination(
            1,
            name,
            1,
            offered.uri(),
            Format.CHANGE,
            Framing.NDJSON,
            Ack.LINE,
            Ordering.KEY,
            1,
            Duration.ofSeconds(1),
            Duration.ofSeconds(1),
            Duration.ofSeconds(LIMIT_SECONDS),
            Duration.ofSeconds(5),
            UNANSWERED,
            OnFailure.SKIP,
            null,
            Brakes.NONE,
            false,
            offered.options());
  }

  /** What the transport tells. */
  private static final class Heard implements SinkListener {
    final Semaphore room = new Semaphore(0);
    final CompletableFuture<Boolean> connected = new CompletableFuture<>();
    volatile String fault = "";

    @Override
    public void connected() {
      connected.complete(true);
    }

    @Override
    public void answered(List<Answer> answers) {
      for (Answer answer : answers) {
        if (!(answer instanceof Answer.Acked)) {
          fault = "answered with " + answer;
        }
      }
      room.release(answers.size());
    }

    @Override
    public void closed(String reason, Fault fault) {
      this.fault = reason;
      connected.complete(false);
    }
  }

  /** Sends so many; messages a second, once connected. */
  double run(int messages) throws Exception {
    Heard heard = new Heard();
    try (Transport transport = Transports.open(1, AddressPolicy.ANY, Secrets.NONE)) {
      Sink sink = transport.connect(destination, heard);
      if (!heard.connected.get(LIMIT_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException(destination.uri() + ": " + heard.fault);
      }
      long started = System.nanoTime();
      int most = Math.min(UNANSWERED, transport.mostInFlight(destination));
      heard.room.release(most);
      for (int sent = 0; sent < messages; ) {
        int some = Math.min(Math.min(AT_ONCE, most), messages - sent);
        await(heard, some);
        sink.send(next(some));
        sent += some;
      }
      await(heard, most);
      double perSecond = messages / ((System.nanoTime() - started) / 1e9);
      if (!heard.fault.isEmpty()) {
        throw new IOException(destination.uri() + ": " + heard.fault);
      }
      return perSecond;
    }
  }

  private void await(Heard heard, int permits) throws InterruptedException, IOException {
    if (!heard.room.tryAcquire(permits, LIMIT_SECONDS, TimeUnit.SECONDS)) {
      throw new IOException(destination.uri() + " does not answer: " + heard.fault);
    }
  }

  private List<Message> next(int count) {
    List<Message> messages = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      long id = IDS.incrementAndGet();
      String body = "{\"id\":\"" + new WireId(id, 1) + "\",\"note\":\"" + "x".repeat(260) + "\"}";
      byte[] bytes = body.getBytes(UTF_8);
      messages.add(
          new Message(
              id,
              1,
              1,
              destination.name(),
              null,
              false,
              false,
              false,
              0,
              bytes,
              bytes.length,
              false,
              null));
    }
    return messages;
  }
}
