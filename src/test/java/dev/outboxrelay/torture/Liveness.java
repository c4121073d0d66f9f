// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.Threads;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;

/**
 * Asks each relay whether it lives, as an orchestrator does that starts it again after three
 * failures in a row: a relay that works must not come to that.
 */
final class Liveness implements AutoCloseable {
  private static final Duration EVERY = Duration.ofSeconds(1);
  private static final Duration TIMEOUT = Duration.ofSeconds(2);
  private static final int FAILURES = 3;

  /** As a start-up probe: from its first answer on, and at the latest then, it must answer. */
  private static final Duration START = Duration.ofSeconds(60);

  private final StopSignal stop = new StopSignal();
  private final HttpClient client = HttpClient.newBuilder().connectTimeout(TIMEOUT).build();
  private final Yardstick yardstick;
  private final Misbehaviour misbehaviour;
  private final RunRecord record;

  Liveness(
      List<RelaySlot> relays, Yardstick yardstick, Misbehaviour misbehaviour, RunRecord record) {
    this.record = record;
    this.yardstick = yardstick;
    this.misbehaviour = misbehaviour;
    for (RelaySlot relay : relays) {
      Threads.daemons("liveness").newThread(() -> watch(relay)).start();
    }
  }

  private void watch(RelaySlot relay) {
    RelayProcess asked = relay.process();
    boolean hasAnswered = false;
    int failures = 0;
    while (!stop.await(EVERY)) {
      long from = System.nanoTime();
      boolean sound = isUntouched(relay);
      boolean answered = says(relay, "/health/live");
      boolean same = asked == relay.process();
      asked = relay.process();
      hasAnswered = answered || (same && hasAnswered);
      boolean started = hasAnswered || System.nanoTime() - relay.startedNanos() > START.toNanos();
      boolean machineStoodStill = yardstick.allowance(from).compareTo(TIMEOUT) > 0;
      boolean failed =
          sound && same && started && !answered && isUntouched(relay) && !machineStoodStill;
      failures = failed ? failures + 1 : 0;
      if (failed) {
        record.say("relay " + relay.number() + " did not say that it lives");
      }
      if (failures == FAILURES) {
        misbehaviour.add(
            "relay " + relay.number() + " did not say that it lives, " + FAILURES + " times");
      }
    }
  }

  /** No fault has hold of the process. */
  private static boolean isUntouched(RelaySlot relay) {
    return relay.free.availablePermits() > 0;
  }

  /** Whether it says that it has all that it needs: one that does not may still be starting. */
  boolean isReady(RelaySlot relay) {
    return says(relay, "/health/ready");
  }

  private boolean says(RelaySlot relay, String path) {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + relay.httpPort() + path))
            .timeout(TIMEOUT)
            .build();
    try {
      return client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Override
  public void close() {
    stop.set();
  }
}
