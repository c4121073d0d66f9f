// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.http.HttpReply;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What {@code /health/ready} answers; from any thread, at once. */
final class Health {
  private final Readiness readiness;
  private volatile @Nullable LoopWatch loops;

  Health(Readiness readiness) {
    this.readiness = readiness;
  }

  /** The threads that serve receivers are there. */
  void watch(LoopWatch loops) {
    this.loops = loops;
  }

  /** Empty when this relay could deliver, else what it lacks. */
  Optional<String> whyNot() {
    LoopWatch watched = loops;
    return readiness.whyNot().or(() -> watched == null ? Optional.empty() : watched.whyNot());
  }

  /** Of the relay: receivers' trouble stands in the body alone. */
  HttpReply ready() {
    StringBuilder troubles = new StringBuilder();
    readiness
        .troubles()
        .forEach(
            (name, trouble) -> troubles.append("\n").append(name).append(" is ").append(trouble));
    return whyNot()
        .map(reason -> HttpReply.line(503, "not ready: " + reason + troubles))
        .orElseGet(() -> HttpReply.line(200, "ready" + troubles));
  }

  /** Of the relay and one destination. */
  HttpReply ready(String destination) {
    Optional<String> reason = whyNot();
    if (reason.isPresent()) {
      return HttpReply.line(503, "not ready: " + reason.get());
    }
    if (!readiness.knows(destination)) {
      return HttpReply.line(404, "there is no such destination");
    }
    String trouble = readiness.troubles().get(destination);
    if (trouble != null) {
      return HttpReply.line(503, "not ready: " + destination + " is " + trouble);
    }
    return HttpReply.line(200, readiness.owns(destination) ? "ready" : "ready, as a standby");
  }
}
