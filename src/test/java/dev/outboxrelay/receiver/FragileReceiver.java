// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.receiver;

import dev.outboxrelay.testing.ScriptedPeer;
import dev.outboxrelay.testing.ScriptedPeer.Script;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.atomic.AtomicReference;

/** A receiver that dies of a RuntimeException in any of its connections: nobody listens then. */
final class FragileReceiver implements AutoCloseable {

  private final AtomicReference<ScriptedPeer> self = new AtomicReference<>();

  FragileReceiver(Script script) throws IOException {
    self.set(
        new ScriptedPeer(
            it -> {
              try {
                script.play(it);
              } catch (RuntimeException e) {
                close();
              }
            }));
  }

  int port() {
    return self.get().port();
  }

  @Override
  public void close() {
    try {
      self.get().close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
