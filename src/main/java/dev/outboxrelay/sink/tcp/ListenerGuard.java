package dev.outboxrelay.sink.tcp;

import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.SinkListener;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A listener whose failures stay its own: an exception thrown by one destination's listener must
 * not end the event loop's work for the others.
 */
final class ListenerGuard implements SinkListener {

  private static final Logger LOG = LoggerFactory.getLogger(ListenerGuard.class);

  private final String name;
  private final SinkListener listener;

  ListenerGuard(String name, SinkListener listener) {
    this.name = name;
    this.listener = listener;
  }

  @Override
  public void connected() {
    run(listener::connected);
  }

  @Override
  public void answered(List<Answer> answers) {
    run(() -> listener.answered(answers));
  }

  @Override
  public void closed(String reason, Fault fault) {
    run(() -> listener.closed(reason, fault));
  }

  private void run(Runnable call) {
    try {
      call.run();
    } catch (RuntimeException e) {
      LOG.error("{}: the listener of a connection failed, which is a defect", name, e);
    }
  }
}
