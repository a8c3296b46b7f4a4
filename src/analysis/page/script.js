document.querySelectorAll('table').forEach(function(table){
 var body=table.tBodies[0],rows=Array.from(body.rows);
 if(rows.length<3)return;
 var value=function(row,i){var cell=row.cells[i],v=cell&&cell.getAttribute('data-v');return v!==null&&v!==undefined?parseFloat(v):cell?cell.textContent.trim():''};
 var compare=function(a,b){var x=typeof a==='number',y=typeof b==='number';return x&&y?a-b:x?-1:y?1:a.localeCompare(b,undefined,{numeric:true})};
 Array.from(table.tHead.rows[0].cells).forEach(function(head,i){
  var state=0,button=document.createElement('button');
  button.type='button';button.title='Sort by this column';
  while(head.firstChild)button.appendChild(head.firstChild);
  head.appendChild(button);
  button.addEventListener('click',function(){
   state=(state+1)%3;
   Array.from(table.tHead.rows[0].cells).forEach(function(other){other.removeAttribute('aria-sort')});
   if(state)head.setAttribute('aria-sort',state===1?'descending':'ascending');
   var sorted=state?rows.slice().sort(function(a,b){var x=value(a,i),y=value(b,i),c=compare(x,y);return typeof x!==typeof y||state===2?c:-c}):rows;
   sorted.forEach(function(row){body.appendChild(row)});
   table.classList.toggle('sorted',state>0);
  });
 });
});
