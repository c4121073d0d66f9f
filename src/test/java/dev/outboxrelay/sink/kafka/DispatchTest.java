// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.kafka;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.SinkListener.Fault;
import dev.outboxrelay.sink.broker.BrokenListener;
import dev.outboxrelay.sink.broker.BrokerClient;
import dev.outboxrelay.sink.broker.LaneEvents;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Messages;
import dev.outboxrelay.values.Message;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.producer.BufferExhaustedException;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.NotEnoughReplicasException;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.MetadataResponse;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Time;
import org.junit.jupiter.api.Test;

/** What is sent when, and what becomes of it, with a library that the test answers for. */
final class DispatchTest {
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final Duration DELIVERY = Duration.ofSeconds(7);

  private final List<String> lost = new ArrayList<>();
  private final List<Answer> answers = new ArrayList<>();
  private final AtomicBoolean over = new AtomicBoolean();
  private final Library library = new Library();
  private final Nodes nodes = new Nodes();
  private final Watch watch = new Watch(new Losses());
  private final WatchedMetadata metadata =
      new WatchedMetadata(
          new ProducerConfig(
              Map.of(
                  "bootstrap.servers",
                  "127.0.0.1:1",
                  "key.serializer",
                  ByteArraySerializer.class,
                  "value.serializer",
                  ByteArraySerializer.class)),
          List.of(InetSocketAddress.createUnresolved("h", 1)),
          watch::stands,
          problem -> watch.fails(String.valueOf(problem.getMessage())));

  private final class Losses implements BrokerClient.Lost {
    @Override
    public void lost(String reason) {
      throw new AssertionError("a message is blamed: " + reason);
    }

    @Override
    public void down(String reason) {
      lost.add(reason);
    }
  }

  private final LaneEvents events =
      new LaneEvents() {
        @Override
        public void broken(Throwable problem) {
          throw new AssertionError(problem);
        }

        @Override
        public void answered(Answer answer) {
          answers.add(answer);
        }

        @Override
        public void ended(String reason, Fault fault) {
          throw new AssertionError(reason);
        }
      };

  /** Has room for so many records. */
  private static final class Library extends MockProducer<byte[], byte[]> {
    private int room = Integer.MAX_VALUE;

    Library() {
      super(false, null, new ByteArraySerializer(), new ByteArraySerializer());
    }

    @Override
    public synchronized Future<RecordMetadata> send(
        ProducerRecord<byte[], byte[]> sent, Callback callback) {
      if (room == 0) {
        BufferExhaustedException full = new BufferExhaustedException("full");
        callback.onCompletion(
            new RecordMetadata(new TopicPartition(sent.topic(), -1), -1, -1, -1, -1, -1), full);
        return CompletableFuture.failedFuture(full);
      }
      room--;
      return super.send(sent, callback);
    }
  }

  private Dispatch dispatch(Duration waiting) {
    Dispatch dispatch = new Dispatch(metadata, nodes, watch, new Patience(waiting, DELIVERY));
    dispatch.begin(library, () -> {});
    watch.stands();
    return dispatch;
  }

  /** A broker tells of a topic. */
  private void told(String topic, Errors error) {
    MetadataResponseData.MetadataResponseTopic of =
        new MetadataResponseData.MetadataResponseTopic()
            .setName(topic)
            .setTopicId(Uuid.randomUuid())
            .setErrorCode(error.code());
    if (error == Errors.NONE) {
      of.partitions()
          .add(
              new MetadataResponseData.MetadataResponsePartition()
                  .setLeaderId(1)
                  .setReplicaNodes(List.of(1))
                  .setIsrNodes(List.of(1)));
    }
    MetadataResponseData data = new MetadataResponseData();
    data.brokers()
        .add(
            new MetadataResponseData.MetadataResponseBroker().setNodeId(1).setHost("h").setPort(1));
    data.topics().add(of);
    metadata.updateWithCurrentRequestVersion(
        new MetadataResponse(data, (short) 12), false, Time.SYSTEM.milliseconds());
  }

  private Parcel parcel(long id, String topic) {
    Message message = Messages.small(id);
    return new Parcel(
        message, new ProducerRecord<>(topic, message.body()), events, over, System.nanoTime(), 1);
  }

  private void know(String topic) {
    metadata.lookFor(topic);
    told(topic, Errors.NONE);
  }

  private String kinds() {
    return String.join(
        ",", answers.stream().map(each -> each.getClass().getSimpleName() + each.id()).toList());
  }

  @Test
  void message_forAKnownTopic_isSentAtOnceAndAnswered() throws Exception {
    Dispatch dispatch = dispatch(PATIENCE);
    know("a");
    dispatch.send(parcel(1, "a"));
    assertEquals(1, library.history().size());
    library.completeNext();
    assertEquals("Acked1", kinds());
    assertEquals(5_000, dispatch.before(5_000));
  }

  @Test
  void error_overAnAnswer_isToldAtOnce() throws Exception {
    BrokenListener listener = new BrokenListener();
    Dispatch dispatch = dispatch(PATIENCE);
    know("a");
    Message message = Messages.small(1);
    dispatch.send(
        new Parcel(message, new ProducerRecord<>("a", message.body()), listener, over, 0, 1));
    library.completeNext();
    assertEquals(List.of(listener.error), listener.told);
  }

  @Test
  void message_forAnUnknownTopic_waitsAndHoldsUpNoOther() throws Exception {
    Dispatch dispatch = dispatch(PATIENCE);
    know("a");
    dispatch.send(parcel(1, "b"));
    dispatch.send(parcel(2, "a"));
    assertEquals(1, library.history().size());
    assertTrue(dispatch.before(5_000) < 1_000, "it is looked at soon");
    assertEquals(1, library.history().size());
    told("b", Errors.NONE);
    dispatch.before(5_000);
    assertEquals(2, library.history().size());
    assertEquals("b", library.history().get(1).topic());
  }

  @Test
  void topic_thatIsForbiddenOrCannotBe_isRefusedAtOnce() throws Exception {
    Dispatch dispatch = dispatch(PATIENCE);
    dispatch.send(parcel(1, "b"));
    dispatch.before(0);
    told("b", Errors.TOPIC_AUTHORIZATION_FAILED);
    dispatch.before(0);
    dispatch.send(parcel(2, "c"));
    dispatch.before(0);
    told("c", Errors.INVALID_TOPIC_EXCEPTION);
    dispatch.before(0);
    assertEquals("Nacked1,Nacked2", kinds());
  }

  /** It may be about to be made. */
  @Test
  void topic_thatIsMissing_isRefusedAfterATime() throws Exception {
    Dispatch dispatch = dispatch(Duration.ofSeconds(1));
    dispatch.send(parcel(1, "b"));
    dispatch.before(0);
    told("b", Errors.UNKNOWN_TOPIC_OR_PARTITION);
    dispatch.before(0);
    assertEquals("", kinds());
    Await.until(
        "refused",
        () -> {
          dispatch.before(0);
          return !answers.isEmpty();
        });
    assertEquals("Nacked1", kinds());
  }

  @Test
  void topic_ofWhichNothingIsTold_isPutOffAndBlamesNobody() throws Exception {
    Dispatch dispatch = dispatch(Duration.ZERO);
    dispatch.send(parcel(1, "b"));
    dispatch.before(0);
    told("b", Errors.LEADER_NOT_AVAILABLE);
    dispatch.before(0);
    assertEquals("Deferred1", kinds());
  }

  @Test
  void messages_thatFindNoRoom_waitInTheirOrder() throws Exception {
    Dispatch dispatch = dispatch(PATIENCE);
    know("a");
    library.room = 1;
    for (long id = 1; id <= 3; id++) {
      dispatch.send(parcel(id, "a"));
    }
    dispatch.before(0);
    assertEquals(1, library.history().size());
    assertEquals("", kinds());
    library.room = 1;
    dispatch.before(0);
    library.room = 5;
    dispatch.send(parcel(4, "a"));
    dispatch.before(0);
    for (int each = 0; each < 4; each++) {
      library.completeNext();
    }
    assertEquals("Acked1,Acked2,Acked3,Acked4", kinds());
  }

  @Test
  void message_thatFindsNoRoomForTooLong_isPutOff() throws Exception {
    Dispatch dispatch = dispatch(Duration.ZERO);
    know("a");
    library.room = 0;
    dispatch.send(parcel(1, "a"));
    dispatch.before(0);
    assertEquals("Deferred1", kinds());
  }

  @Test
  void message_whoseNeighbourIsRefused_isSentAgain() throws Exception {
    Dispatch dispatch = dispatch(PATIENCE);
    know("a");
    dispatch.send(parcel(1, "a"));
    dispatch.send(parcel(2, "a"));
    library.errorNext(new InvalidRecordException("no key"));
    library.errorNext(new KafkaException("it was part of a batch"));
    assertEquals("Nacked1", kinds());
    dispatch.before(0);
    library.completeNext();
    assertEquals("Nacked1,Acked2", kinds());
  }

  @Test
  void message_whoseNeighboursAreAlwaysRefused_isPutOffInTheEnd() throws Exception {
    Dispatch dispatch = dispatch(PATIENCE);
    know("a");
    dispatch.send(parcel(1, "a"));
    while (library.errorNext(new KafkaException("it was part of a batch"))) {
      dispatch.before(0);
    }
    assertEquals("Deferred1", kinds());
    assertEquals(10, library.history().size());
  }

  /** Else it would be answered later than anybody waits. */
  @Test
  void message_whoseNeighbourIsRefusedLate_isPutOff() throws Exception {
    Dispatch dispatch = dispatch(Duration.ZERO);
    know("a");
    dispatch.send(parcel(1, "a"));
    library.errorNext(new KafkaException("it was part of a batch"));
    assertEquals("Deferred1", kinds());
  }

  @Test
  void message_thatWaitedAndWasSent_isAnsweredBeforeAnybodyCallsItLate() {
    Duration ackTimeout = Duration.ofSeconds(30);
    Patience patience = Patience.of(ackTimeout);
    Duration longest = patience.waiting().plus(patience.delivery());
    assertTrue(longest.compareTo(ackTimeout.multipliedBy(9).dividedBy(10)) < 0);
  }

  @Test
  void message_thatTooFewReplicasTake_isPutOff() throws Exception {
    Dispatch dispatch = dispatch(PATIENCE);
    know("a");
    dispatch.send(parcel(1, "a"));
    library.errorNext(new NotEnoughReplicasException("too few"));
    assertEquals("Deferred1", kinds());
    assertEquals(List.of(), lost);
  }

  @Test
  void lane_thatIsOver_sendsNothingThatWaited() throws Exception {
    Dispatch dispatch = dispatch(PATIENCE);
    dispatch.send(parcel(1, "b"));
    dispatch.before(0);
    over.set(true);
    know("b");
    dispatch.before(0);
    assertEquals(0, library.history().size());
  }

  @Test
  void producer_thatTakesNothingMore_endsTheConnectionAndBlamesNobody() throws Exception {
    Dispatch dispatch = dispatch(PATIENCE);
    know("a");
    library.sendException = new KafkaException("in an error state");
    dispatch.send(parcel(1, "a"));
    assertEquals(List.of("the client takes nothing more: in an error state"), lost);
    assertEquals("", kinds());
  }
}
