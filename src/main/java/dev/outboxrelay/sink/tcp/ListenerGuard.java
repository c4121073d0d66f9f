// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.SinkListener;
import dev.outboxrelay.threads.Errors;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A listener whose failures stay its own: what one destination's listener throws must not end the
 * event loop's work for the others. What it did not hear it will not act on, so its connection
 * ends.
 */
public final class ListenerGuard implements SinkListener {

  private static final Logger LOG = LoggerFactory.getLogger(ListenerGuard.class);

  private final String name;
  private final SinkListener listener;
  private final Consumer<Throwable> connection;

  /**
   * @param connection gets what the listener throws, but for its end
   */
  public ListenerGuard(String name, SinkListener listener, Consumer<Throwable> connection) {
    this.name = name;
    this.listener = listener;
    this.connection = connection;
  }

  @Override
  public void connected() {
    Defect.guard(listener::connected, connection);
  }

  @Override
  public void answered(List<Answer> answers) {
    Defect.guard(() -> listener.answered(answers), connection);
  }

  @Override
  public void closed(String reason, Fault fault) {
    try {
      listener.closed(reason, fault);
    } catch (RuntimeException | Error e) {
      Errors.report(e);
      LOG.error("{}: the listener of a connection failed at its end", name, e);
    }
  }
}
