// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.amqp;

import com.rabbitmq.client.Connection;
import com.rabbitmq.client.impl.ForgivingExceptionHandler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A connection that breaks is told by its shutdown listener, and logged by the relay. */
final class QuietFaults extends ForgivingExceptionHandler {
  private static final Logger LOG = LoggerFactory.getLogger(QuietFaults.class);

  @Override
  public void handleUnexpectedConnectionDriverException(
      Connection connection, Throwable exception) {
    LOG.debug("a connection to {} broke", connection.getAddress(), exception);
  }
}
