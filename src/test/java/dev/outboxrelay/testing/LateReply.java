// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Says nothing until it is told what to say. */
public final class LateReply implements Reply {
  private static final int PATIENCE_SECONDS = 30;

  private final CompletableFuture<Consumer<Reply>> asked = new CompletableFuture<>();

  @Override
  public void perform(ScriptedReceiver.Connection connection, ScriptedReceiver.Line line) {
    asked.complete(reply -> Reply.after(Duration.ZERO, reply).perform(connection, line));
  }

  /** Waits until the message has come, which is then in flight. */
  public void awaitAsked() throws Exception {
    asked.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  /** Answers. */
  public void give(Reply reply) throws Exception {
    asked.get(PATIENCE_SECONDS, TimeUnit.SECONDS).accept(reply);
  }
}
