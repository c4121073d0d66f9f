// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.kafka;

import dev.outboxrelay.sink.broker.BrokerClient;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Whether a cluster answers: first awaited by who connects, later told as a loss. Safe for threads.
 */
final class Watch {
  private final BrokerClient.Lost lost;
  private final CompletableFuture<Void> stood = new CompletableFuture<>();

  Watch(BrokerClient.Lost lost) {
    this.lost = lost;
  }

  /** A broker has told what the cluster looks like. */
  void stands() {
    stood.complete(null);
  }

  /** It cannot go on, which no message is to blame for. */
  void fails(String why) {
    if (!stood.completeExceptionally(new IOException(why)) && !stood.isCompletedExceptionally()) {
      lost.down(why);
    }
  }

  /**
   * Waits for one of both.
   *
   * @return false when it takes too long
   * @throws IOException why it failed
   */
  boolean await(Duration limit) throws IOException, InterruptedException {
    try {
      stood.get(limit.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      throw new IOException(String.valueOf(e.getCause().getMessage()), e);
    }
  }
}
