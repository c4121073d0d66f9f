// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import dev.outboxrelay.threads.Errors;
import io.netty.handler.codec.CodecException;
import java.util.function.Consumer;

/**
 * What no peer can bring about: an Error, or an exception that nobody expected. Netty would log it
 * and go on, and the connection that it belongs to would stand still.
 */
public final class Defect {

  private Defect() {}

  /** Whether the relay is at fault, and not the other side of the connection. */
  public static boolean is(Throwable cause) {
    return cause instanceof Error
        || cause instanceof RuntimeException && !(cause instanceof CodecException);
  }

  /** Does something for one connection; what escapes is brought to that connection. */
  public static void guard(Runnable action, Consumer<Throwable> connection) {
    try {
      action.run();
    } catch (RuntimeException | Error e) {
      Errors.report(e);
      connection.accept(e);
    }
  }
}
