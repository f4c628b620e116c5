// Intrusive lists: the links live in the objects, so that linking never allocates. A list owns
// nothing.
#pragma once

namespace midge {

// Base of an object that can hang in one List<T, Tag>. The tag tells several such bases apart.
template <class Tag>
struct ListNode {
  ListNode* next = nullptr;
  ListNode* previous = nullptr;
};

// Doubly linked; removal costs the same everywhere. The object that is removed must be in this
// list.
template <class T, class Tag>
class List {
 public:
  using Node = ListNode<Tag>;

  [[nodiscard]] bool empty() const { return first_ == nullptr; }
  [[nodiscard]] T* first() const { return cast(first_); }
  [[nodiscard]] static T* next(const T& object) {
    return cast(static_cast<const Node&>(object).next);
  }

  void push_back(T& object) {
    Node& node = object;
    node.next = nullptr;
    node.previous = last_;
    (last_ != nullptr ? last_->next : first_) = &node;
    last_ = &node;
  }
  void remove(T& object) {
    Node& node = object;
    (node.previous != nullptr ? node.previous->next : first_) = node.next;
    (node.next != nullptr ? node.next->previous : last_) = node.previous;
    node.next = node.previous = nullptr;
  }

 private:
  [[nodiscard]] static T* cast(Node* node) { return static_cast<T*>(node); }

  Node* first_ = nullptr;
  Node* last_ = nullptr;
};

// Like List, with one pointer as its head: for the many lists that are short.
template <class T, class Tag>
class SmallList {
 public:
  using Node = ListNode<Tag>;

  [[nodiscard]] bool empty() const { return first_ == nullptr; }
  [[nodiscard]] T* first() const { return static_cast<T*>(first_); }
  [[nodiscard]] static T* next(const T& object) {
    return static_cast<T*>(static_cast<const Node&>(object).next);
  }
  void push_front(T& object) {
    Node& node = object;
    node.previous = nullptr;
    node.next = first_;
    if (first_ != nullptr) first_->previous = &node;
    first_ = &node;
  }
  void remove(T& object) {
    Node& node = object;
    (node.previous != nullptr ? node.previous->next : first_) = node.next;
    if (node.next != nullptr) node.next->previous = node.previous;
    node.next = node.previous = nullptr;
  }

 private:
  Node* first_ = nullptr;
};

// Singly linked first-in first-out queue over T::next.
template <class T>
class Queue {
 public:
  [[nodiscard]] bool empty() const { return first_ == nullptr; }
  [[nodiscard]] T* first() const { return first_; }
  [[nodiscard]] T* last() const { return last_; }

  void push_back(T& object) {
    object.next = nullptr;
    (last_ != nullptr ? last_->next : first_) = &object;
    last_ = &object;
  }
  void push_front(T& object) {
    object.next = first_;
    first_ = &object;
    if (last_ == nullptr) last_ = &object;
  }
  T* pop_front() {
    T* const object = first_;
    if (object == nullptr) return nullptr;
    first_ = object->next;
    if (first_ == nullptr) last_ = nullptr;
    object->next = nullptr;
    return object;
  }
  // Takes out what follows `before`; null: the first.
  T* pop_after(T* before) {
    if (before == nullptr) return pop_front();
    T* const object = before->next;
    before->next = object->next;
    if (last_ == object) last_ = before;
    object->next = nullptr;
    return object;
  }
  // Puts `object` behind `before`; null: to the front.
  void insert_after(T* before, T& object) {
    if (before == nullptr) return push_front(object);
    object.next = before->next;
    before->next = &object;
    if (last_ == before) last_ = &object;
  }
  // Moves all of `other` behind this.
  void append(Queue& other) {
    if (other.first_ == nullptr) return;
    (last_ != nullptr ? last_->next : first_) = other.first_;
    last_ = other.last_;
    other.first_ = other.last_ = nullptr;
  }

 private:
  T* first_ = nullptr;
  T* last_ = nullptr;
};

// A queue with one pointer as its head: the last object's `next` is the first. For the many queues
// that are mostly empty.
template <class T>
class Ring {
 public:
  [[nodiscard]] bool empty() const { return last_ == nullptr; }
  [[nodiscard]] T* first() const { return last_ != nullptr ? last_->next : nullptr; }
  [[nodiscard]] T* last() const { return last_; }
  // What follows `object`; null behind the last.
  [[nodiscard]] T* next(const T& object) const { return &object != last_ ? object.next : nullptr; }

  void push_back(T& object) {
    object.next = last_ != nullptr ? last_->next : &object;
    if (last_ != nullptr) last_->next = &object;
    last_ = &object;
  }
  T* pop_front() { return pop_after(nullptr); }
  // Takes out what follows `before`; null: the first. Null when there is nothing.
  T* pop_after(T* before) {
    if (last_ == nullptr) return nullptr;
    if (before == nullptr) before = last_;
    T* const object = before->next;
    before->next = object->next;
    if (object == last_) last_ = object == before ? nullptr : before;
    object->next = nullptr;
    return object;
  }

 private:
  T* last_ = nullptr;
};

}  // namespace midge
