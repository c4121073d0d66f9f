// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.amqp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.ConfirmCallback;
import com.rabbitmq.client.Return;
import com.rabbitmq.client.ReturnCallback;
import com.rabbitmq.client.ShutdownListener;
import com.rabbitmq.client.ShutdownSignalException;
import dev.outboxrelay.sink.broker.BrokenListener;
import dev.outboxrelay.testing.Messages;
import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A lane on a channel that the test answers for. */
final class AmqpLaneTest {
  private final BrokenListener events = new BrokenListener();

  /** What the lane gave to the channel, by the method and the number of the argument. */
  private final Map<String, Object> given = new HashMap<>();

  private final AmqpLane lane =
      new AmqpLane(channel(), AmqpOptions.parse("{}", false), new AtomicReference<>(), events);

  private Channel channel() {
    return (Channel)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {Channel.class},
            (proxy, method, arguments) -> answer(method.getName(), arguments));
  }

  private @Nullable Object answer(String method, Object @Nullable [] arguments) {
    if (method.equals("getNextPublishSeqNo")) {
      return 1L;
    }
    for (int i = 0; arguments != null && i < arguments.length; i++) {
      given.put(method + " " + i, arguments[i]);
    }
    return null;
  }

  private Object given(String what) {
    return given.get(what);
  }

  @Test
  void error_overAConfirm_isToldAtOnce() throws Exception {
    lane.publish(Messages.small(1));
    ((ConfirmCallback) given("addConfirmListener 0")).handle(1, false);
    assertEquals(List.of(events.error), events.told);
  }

  @Test
  void error_overARefusal_isToldAtOnce() throws Exception {
    lane.publish(Messages.small(1));
    ((ConfirmCallback) given("addConfirmListener 1")).handle(1, true);
    assertEquals(List.of(events.error), events.told);
  }

  @Test
  void error_overWhatCameBack_isToldAtOnce() throws Exception {
    lane.publish(Messages.small(1));
    Return withoutProperties = new Return(312, "NO_ROUTE", "", "shop", null, new byte[0]);
    ((ReturnCallback) given("addReturnListener 0")).handle(withoutProperties);
    assertEquals(1, events.told.size());
  }

  @Test
  void error_overTheChannelsEnd_isToldAtOnce() {
    AMQP.Channel.Close close =
        new AMQP.Channel.Close.Builder().replyCode(404).replyText("NOT_FOUND").build();
    ((ShutdownListener) given("addShutdownListener 0"))
        .shutdownCompleted(new ShutdownSignalException(false, false, close, null));
    assertEquals(List.of(events.error), events.told);
  }

  /** Otherwise a broker that returns what it never got would fill the relay's memory. */
  @Test
  void messages_thatWereNeverSentAndComeBack_areNotKept() throws Exception {
    ReturnCallback returns = (ReturnCallback) given("addReturnListener 0");
    lane.publish(Messages.small(1));
    for (int id = 0; id < 100; id++) {
      returns.handle(unrouted(Integer.toString(id) + "-never"));
    }
    assertEquals(0, lane.returned());
    returns.handle(unrouted(Messages.small(1).wireId().toString()));
    assertEquals(1, lane.returned());
    ((ConfirmCallback) given("addConfirmListener 1")).handle(1, false);
    assertEquals(0, lane.returned());
  }

  private static Return unrouted(String id) {
    AMQP.BasicProperties properties = new AMQP.BasicProperties.Builder().messageId(id).build();
    return new Return(312, "NO_ROUTE", "", "shop", properties, new byte[0]);
  }
}
