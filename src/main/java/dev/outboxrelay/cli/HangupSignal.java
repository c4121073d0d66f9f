// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * SIGHUP. Java would end with it, and {@link StopSignal} would call that a stop in order, after
 * which nobody starts the relay again. Yet it comes from those who want anything but that: a
 * terminal that is closed, or a script that has every service read its settings again. The second
 * is what it does where there is a configuration file.
 *
 * <p>By reflection, since javac warns of {@code sun.misc}, and no warning passes here. The runtime
 * needs the module {@code jdk.unsupported}.
 */
final class HangupSignal {
  private static final Logger LOG = LoggerFactory.getLogger(HangupSignal.class);

  private HangupSignal() {}

  /** From now on the signal is logged, and nothing else. */
  static void ignore() {
    on(() -> LOG.info("SIGHUP: ignored; stop the program with SIGTERM"));
  }

  /** From now on the signal does this. */
  static void on(Runnable action) {
    try {
      handle(action);
    } catch (ReflectiveOperationException e) {
      // There is no such signal here, or somebody else has it, as with -Xrs.
      LOG.debug("SIGHUP is left as it is", e);
    }
  }

  /** As {@link #ignore}, but a program that prints to a terminal ends with the terminal. */
  static void ignoreWithoutTerminal() {
    if (!Terminal.isThere()) {
      ignore();
    }
  }

  private static void handle(Runnable action) throws ReflectiveOperationException {
    Class<?> signal = Class.forName("sun.misc.Signal");
    Class<?> handler = Class.forName("sun.misc.SignalHandler");
    Object proxy =
        Proxy.newProxyInstance(
            HangupSignal.class.getClassLoader(),
            new Class<?>[] {handler},
            (self, method, arguments) -> {
              if (method.getName().equals("handle")) {
                action.run();
              }
              return null;
            });
    try {
      Object hangup = signal.getConstructor(String.class).newInstance("HUP");
      signal.getMethod("handle", signal, handler).invoke(null, hangup, proxy);
    } catch (InvocationTargetException e) {
      throw new ReflectiveOperationException(e.getCause());
    }
  }
}
